import type { Evidence } from '../map/evidence'
import { me } from '../session'
import type { OfficeCheckIn, Office, VisitPage } from '../types'

/** What a visit's verdict rests on. */
export function evidenceOf(visit: Omit<VisitPage, 'journal'>): Evidence {
  const { store } = visit
  return {
    verdict: visit.verdict,
    fix: visit.fix,
    place: store && { lat: store.lat, lon: store.lon },
    placeName: visit.store_name,
    radius: store?.radius_m ?? me.value?.organisation.radius_m ?? 200,
    quality: store?.pin_quality_m ?? 0,
    distance: visit.distance_m,
  }
}

/** What an office check-in's verdict rests on. Its office is unknown when none has been named or found. */
export function officeEvidenceOf(checkIn: OfficeCheckIn, office: Office | null): Evidence {
  return {
    verdict: checkIn.verdict,
    fix: checkIn.fix,
    place: office && { lat: office.lat, lon: office.lon },
    placeName: office?.name ?? '',
    radius: office?.radius_m ?? me.value?.organisation.office_radius_m ?? 300,
    quality: 0,
    distance: checkIn.distance_m,
  }
}
