// Where a position is drawn. Everything we store and send is WGS-84; Chinese tiles are shifted (GCJ-02),
// so positions move to the tiles' system on their way to the screen, and back on a click.
import gcoord from 'gcoord'
import type { Bounds, MapConfig, MapCrs } from '../types'

export interface Position { lat: number; lon: number }

/** The system of the background. Without tiles nothing is shifted, whatever was declared. */
export function shownCrs(config: MapConfig | null): MapCrs {
  return config && (config.tiles_url || config.pmtiles_url) ? config.crs : 'wgs84'
}

/** WGS-84 to the system on screen. Positions outside China stay where they are. */
export function toShown({ lat, lon }: Position, crs: MapCrs): Position {
  if (crs === 'wgs84') return { lat, lon }
  const [x, y] = gcoord.transform([lon, lat], gcoord.WGS84, gcoord.GCJ02)
  return { lat: y, lon: x }
}

/** The system on screen to WGS-84, better than a metre. */
export function fromShown({ lat, lon }: Position, crs: MapCrs): Position {
  if (crs === 'wgs84') return { lat, lon }
  const [x, y] = gcoord.transform([lon, lat], gcoord.GCJ02, gcoord.WGS84)
  return { lat: y, lon: x }
}

/** A box on screen as the WGS-84 box that the API understands, within the world. */
export function boundsFromShown([west, south, east, north]: Bounds, crs: MapCrs): Bounds {
  const low = fromShown({ lat: Math.max(south, -85), lon: Math.max(west, -180) }, crs)
  const high = fromShown({ lat: Math.min(north, 85), lon: Math.min(east, 180) }, crs)
  return [low.lon, low.lat, high.lon, high.lat]
}
