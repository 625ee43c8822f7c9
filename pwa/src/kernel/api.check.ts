// Holds our own types against the server's description: what it promises must fit what we read.
// Nothing here runs; a server that changes a shape makes the type check fail.
import type { components } from './api.gen'
import type * as Console from '@/features/console/types'

type Schemas = components['schemas']
/** Compiles only where the server's type may be used as ours. */
type Fits<Ours, _Servers extends Ours> = true

export type Held = [
  Fits<Console.Store, Schemas['StoreOut']>,
  Fits<Console.Region, Schemas['RegionOut']>,
  Fits<Console.Person, Schemas['PersonOut']>,
  Fits<Console.Material, Schemas['MaterialOut']>,
  Fits<Console.Office, Schemas['OfficeOut']>,
  Fits<Console.Photo, Schemas['PhotoOut']>,
  Fits<Console.Note, Schemas['NoteOut']>,
  Fits<Console.Place, Schemas['PlaceOut']>,
  Fits<Console.ImportReport, Schemas['ImportOut']>,
  Fits<Console.HealthPage, Schemas['HealthOut']>,
  Fits<Console.RescueReport, Schemas['RescueOut']>,
]
