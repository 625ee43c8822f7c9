// A Leaflet map with its background: the operator's tiles, or the plain grid with place names.
import * as L from 'leaflet'
import 'leaflet/dist/leaflet.css'
import './map.css'
import { PMTiles } from 'pmtiles'
import { watch } from 'vue'
import { get, isAbort } from '../api'
import { language, t } from '../i18n'
import type { Bounds, MapConfig, MapCrs, Place } from '../types'
import { degrees, gridLines, gridStep } from './grid'
import { boundsFromShown, fromShown, shownCrs, toShown, type Position } from './shown'
import { LINE_HEIGHT, thin, type Taken } from './thin'

const PLAIN_MAX_ZOOM = 20
// Pixels from a place to its name: a pin on the place must not cover it.
const NAME_OFFSET = 12
const GRID_PANE = 'storewalk-grid'
/** Fired on the map when its markers have been drawn anew. */
export const MARKS_DRAWN = 'storewalk:marks'
const NAMES_PANE = 'storewalk-names'

export interface Surface {
  map: L.Map
  crs: MapCrs
  /** WGS-84 to what Leaflet draws. */
  point: (position: Position) => L.LatLng
  /** What Leaflet was clicked at, in WGS-84. */
  position: (point: L.LatLng) => Position
  /** The visible box in WGS-84. */
  bounds: () => Bounds
  remove: () => void
}

/**
 * Put a map into an element of a known size. Give it a view before anything is drawn.
 * Its own words follow the language, and `label` is asked again; what others drew, they draw anew.
 */
export function createSurface(element: HTMLElement, config: MapConfig | null, label: () => string): Surface {
  const crs = shownCrs(config)
  const map = L.map(element, {
    zoomControl: false,
    maxZoom: PLAIN_MAX_ZOOM,
    minZoom: 2,
    worldCopyJump: true,
    // Somebody who asked for less motion gets none.
    ...(matchMedia('(prefers-reduced-motion: reduce)').matches && {
      zoomAnimation: false, fadeAnimation: false, markerZoomAnimation: false, inertia: false,
    }),
  })
  map.attributionControl.setPrefix(false)
  element.setAttribute('role', 'region')
  let zoom: L.Control.Zoom | null = null
  // After the others, for the label may be a property that the same switch changes.
  const stopNaming = watch(language, () => {
    element.setAttribute('aria-label', label())
    zoom?.remove()
    zoom = L.control.zoom({ position: 'bottomright', zoomInTitle: t('map.zoom_in'), zoomOutTitle: t('map.zoom_out') }).addTo(map)
  }, { immediate: true, flush: 'post' })
  L.control.scale({ imperial: false, maxWidth: 140 }).addTo(map)
  const background = tiles(config)
  const stop = background ? (background.addTo(map), () => undefined) : plain(map)
  // A dialog that opens, a drawer, a turned phone: Leaflet must be told each time.
  const watching = new ResizeObserver(() => map.invalidateSize({ animate: false }))
  watching.observe(element)
  const surface: Surface = {
    map,
    crs,
    point: (position) => {
      const shown = toShown(position, crs)
      return L.latLng(shown.lat, shown.lon)
    },
    position: (point) => {
      const wrapped = point.wrap()
      return fromShown({ lat: wrapped.lat, lon: wrapped.lng }, crs)
    },
    bounds: () => boundsFromShown(boxOf(map.getBounds()), crs),
    remove: () => {
      stopNaming()
      watching.disconnect()
      stop()
      map.remove()
    },
  }
  return surface
}

function boxOf(bounds: L.LatLngBounds): Bounds {
  return [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()]
}

function tiles(config: MapConfig | null): L.Layer | null {
  if (!config) return null
  const options = {
    attribution: escaped(config.attribution), maxNativeZoom: config.max_zoom, maxZoom: PLAIN_MAX_ZOOM,
  }
  if (config.tiles_url) return L.tileLayer(config.tiles_url, options)
  return config.pmtiles_url ? new PmtilesLayer(new PMTiles(config.pmtiles_url), options) : null
}

// Leaflet writes the attribution as HTML; a setting is text.
function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
}

/** Raster tiles out of one PMTiles file, read by byte ranges. */
class PmtilesLayer extends L.GridLayer {
  constructor(private readonly source: PMTiles, options: L.GridLayerOptions) {
    super(options)
  }

  protected override createTile(coords: L.Coords, done: L.DoneCallback): HTMLElement {
    const image = document.createElement('img')
    image.alt = ''
    this.source.getZxy(coords.z, coords.x, coords.y).then((tile) => {
      if (tile) {
        image.src = URL.createObjectURL(new Blob([tile.data]))
        image.onload = () => URL.revokeObjectURL(image.src)
      }
      done(undefined, image)
    }).catch((error: unknown) => done(error instanceof Error ? error : new Error(String(error)), image))
    return image
  }
}

/** The plain background: redrawn after each move. Returns what stops it. */
function plain(map: L.Map): () => void {
  for (const [name, order] of [[GRID_PANE, 210], [NAMES_PANE, 220]] as const) {
    const pane = map.createPane(name)
    pane.style.zIndex = String(order)
    pane.style.pointerEvents = 'none'
  }
  map.getContainer().classList.add('plain')
  const grid = L.layerGroup().addTo(map)
  const names = L.layerGroup().addTo(map)
  const renderer = L.svg({ pane: GRID_PANE, padding: 0.5 })
  let running: AbortController | null = null
  let known: Place[] = []

  async function drawNames(): Promise<void> {
    running?.abort()
    const mine = (running = new AbortController())
    try {
      const bbox = boundsFromShown(boxOf(map.getBounds()), 'wgs84').map((value) => value.toFixed(5)).join(',')
      const { places } = await get<{ places: Place[] }>('/map/places', { bbox, zoom: map.getZoom() }, mine.signal)
      if (mine !== running) return
      known = places
      showNames(map, names, known)
    } catch (error) {
      // Names are a help for the eye; without them the grid still serves.
      if (!isAbort(error)) names.clearLayers()
    }
  }

  let waiting: ReturnType<typeof setTimeout> | undefined
  const draw = () => {
    drawGrid(map, grid, renderer)
    clearTimeout(waiting)
    waiting = setTimeout(() => void drawNames(), 150)
  }
  map.on('moveend viewreset resize', draw)
  map.on(MARKS_DRAWN, () => showNames(map, names, known))
  return () => {
    clearTimeout(waiting)
    running?.abort()
  }
}

function drawGrid(map: L.Map, group: L.LayerGroup, renderer: L.Renderer): void {
  group.clearLayers()
  const view = map.getBounds()
  const step = gridStep((view.getEast() - view.getWest()) / map.getSize().x)
  const drawn = boxOf(view.pad(0.4))
  const { lats, lons } = gridLines(drawn, step)
  const [west, south, east, north] = drawn
  const size = map.getSize()
  // Labels stand at the top and left edges: none in their common corner, none cut off at the far ends.
  const inside = (lat: number, lon: number) => {
    const { x, y } = map.latLngToContainerPoint([lat, lon])
    return (y < 1 ? x > 56 : y > 34) && x < size.x - 60 && y < size.y - 4
  }
  const line = { pane: GRID_PANE, renderer, interactive: false, color: '#cdd6e0', weight: 1 }
  const text = (at: L.LatLngExpression, words: string, kind: string) =>
    L.marker(at, { pane: GRID_PANE, interactive: false, keyboard: false, icon: textIcon(words, `grid-label ${kind}`) }).addTo(group)
  for (const lat of lats) {
    L.polyline([[lat, west], [lat, east]], line).addTo(group)
    if (inside(lat, view.getWest())) text([lat, view.getWest()], degrees(lat, step, 'lat'), 'lat')
  }
  for (const lon of lons) {
    L.polyline([[south, lon], [north, lon]], line).addTo(group)
    if (inside(view.getNorth(), lon)) text([view.getNorth(), lon], degrees(lon, step, 'lon'), 'lon')
  }
}

function showNames(map: L.Map, group: L.LayerGroup, places: readonly Place[]): void {
  group.clearLayers()
  const labels = places.map((place) => {
    const point = map.latLngToContainerPoint([place.lat, place.lon])
    return { text: place.name, x: point.x, y: point.y, weight: place.weight }
  })
  for (const label of thin(labels, 80, takenByMarks(map))) {
    const at = map.containerPointToLatLng([label.x, label.y])
    L.circleMarker(at, { pane: NAMES_PANE, interactive: false, radius: 2, weight: 0, fillColor: '#7d8a99', fillOpacity: 1 }).addTo(group)
    L.marker(at, {
      pane: NAMES_PANE, interactive: false, keyboard: false,
      icon: textIcon(label.text, 'place-name', [label.width, LINE_HEIGHT], [label.width / 2 - label.dx, -NAME_OFFSET - label.dy]),
    }).addTo(group)
  }
}

/** Where the markers lie: a name behind a bubble can be read by nobody. */
function takenByMarks(map: L.Map): Taken[] {
  const frame = map.getContainer().getBoundingClientRect()
  return [...(map.getPane('markerPane')?.children ?? [])].map((mark) => {
    const box = mark.getBoundingClientRect()
    const x = box.left - frame.left + box.width / 2
    // A label is measured from its point, and stands below it.
    const y = box.top - frame.top + box.height / 2 - NAME_OFFSET - LINE_HEIGHT / 2
    return { x, y, width: box.width, height: box.height }
  })
}

/** Words as a marker; as a text node, for a store may be called <b>. */
function textIcon(words: string, className: string, size?: L.PointTuple, anchor?: L.PointTuple): L.DivIcon {
  const html = document.createElement('span')
  html.textContent = words
  return L.divIcon({ html, className, iconSize: size ?? [0, 0], ...(anchor && { iconAnchor: anchor }) })
}
