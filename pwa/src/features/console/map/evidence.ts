// What a verdict rests on, drawn: the place's pin with its fence and what the pin may be off, the fix with its
// accuracy, the way between.
import * as L from 'leaflet'
import { distance } from '../lib/format'
import { VERDICT_STYLES } from '../lib/verdicts'
import type { Fix, Verdict } from '../types'
import { checkInSvg, PLACE_PIN } from './icons'
import type { Position } from './shown'
import type { Surface } from './surface'

export const FENCE_COLOR = '#173d6e'

export interface Evidence {
  verdict: Verdict
  fix: Fix | null
  /** The store's or office's pin; null where it has none. */
  place: Position | null
  placeName: string
  /** The fence, metres. */
  radius: number
  /** How far the pin itself may be off, metres: the rule adds it to the fence. */
  quality: number
  distance: number | null
}

export function placePin(): L.DivIcon {
  return L.divIcon({ html: PLACE_PIN, className: 'place-pin', iconSize: [30, 38], iconAnchor: [15, 37] })
}

/** Draw into the group, emptied before. Returns the box around it all, null when there is nothing to draw. */
export function drawEvidence(surface: Surface, group: L.LayerGroup, evidence: Evidence): L.LatLngBounds | null {
  group.clearLayers()
  const { color } = VERDICT_STYLES[evidence.verdict]
  const box = L.latLngBounds([])
  const place = evidence.place && surface.point(evidence.place)
  const fix = evidence.fix && surface.point(evidence.fix)
  if (place) {
    const fence = L.circle(place, {
      radius: evidence.radius, interactive: false, color: FENCE_COLOR, weight: 1.5, dashArray: '5 5', fillOpacity: 0.04,
      className: 'fence',
    }).addTo(group)
    box.extend(fence.getBounds())
    if (evidence.quality > 0) {
      const ring = L.circle(place, {
        radius: evidence.radius + evidence.quality, interactive: false, color: FENCE_COLOR, weight: 1.5, dashArray: '1 5',
        fillOpacity: 0.04, className: 'fence-quality',
      }).addTo(group)
      box.extend(ring.getBounds())
    }
    const pin = L.marker(place, { icon: placePin(), keyboard: false, interactive: false, zIndexOffset: 500 }).addTo(group)
    describe(pin, evidence.placeName)
  }
  if (fix && evidence.fix) {
    if (evidence.fix.accuracy_m) {
      const circle = L.circle(fix, {
        radius: evidence.fix.accuracy_m, interactive: false, color, weight: 1, fillOpacity: 0.15,
      }).addTo(group)
      box.extend(circle.getBounds())
    }
    box.extend(fix)
    L.marker(fix, {
      icon: L.divIcon({ html: checkInSvg(evidence.verdict, 28), className: 'check-in', iconSize: [28, 28] }),
      keyboard: false, interactive: false, zIndexOffset: 1000,
    }).addTo(group)
  }
  if (place && fix) {
    const way = L.polyline([place, fix], { interactive: false, color: '#1d2530', weight: 2, dashArray: '2 5' }).addTo(group)
    // A short way lies within the fence, hidden by the markers: its label would only cover them.
    if (evidence.distance !== null && evidence.distance > 0.6 * evidence.radius) {
      const accuracy = evidence.fix?.accuracy_m
      const words = distance(evidence.distance) + (accuracy ? ` ±${distance(accuracy)}` : '')
      way.bindTooltip(words, { permanent: true, direction: 'center', className: 'offset' })
      way.openTooltip()
    }
  }
  return box.isValid() ? box : null
}

/** Name a marker for screen readers once it is on the map. */
export function describe(marker: L.Marker, words: string): void {
  const element = marker.getElement()
  element?.setAttribute('role', 'img')
  element?.setAttribute('aria-label', words)
}
