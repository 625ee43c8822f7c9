// What the app's own actions put on the wire, for the app's own tests.
import type { Db } from '../db/schema'
import { aPhoto, aStore, aTask, freshDb, HandClock } from '../db/testing'
import type { OpKind } from '../db/types'
import { addReply } from '../features/answers/actions'
import { saySeen } from '../features/campaigns/actions'
import { handOut } from '../features/materials/actions'
import { confirmGot, countStock, giveTo, sendBack } from '../features/materials/moves'
import { askExemption, askMakeUp, officeCheckIn } from '../features/office/actions'
import { addPhoto } from '../features/photos/actions'
import { finishTask } from '../features/tasks/actions'
import { addNote, cancelVisit, checkIn, checkOut } from '../features/visits/actions'

/** The payload that the phone's own action makes for a kind. */
export async function payloadByScreen(kind: OpKind): Promise<object> {
  const own = freshDb()
  const clock = new HandClock()
  await own.stores.put(aStore('s1'))
  const visit = await checkIn(own, { store_id: 's1', fix: null, reason: null, planned: true }, clock)
  switch (kind) {
    case 'visit.check_in': break
    case 'visit.check_out': await checkOut(own, { visit_id: visit, fix: null }, clock); break
    case 'visit.cancel': await cancelVisit(own, { visit_id: visit, reason: 'x' }, clock); break
    case 'visit.note': await addNote(own, { visit_id: visit, text: 'x' }, clock); break
    case 'visit.reply': await addReply(own, { visit_id: visit, text: 'x', photo_id: null }, clock); break
    case 'campaign.seen': await saySeen(own, { visit_id: visit, campaign_id: 'c1', materials: [{ material_id: 'm1', state: 'missing', quantity: 1 }], photo_kinds: [], note: '' }, clock); break
    case 'photo.add': await addPhoto(own, await aPhoto(visit), clock); break
    case 'handout.add': {
      const said = { visit_id: visit, material_id: 'm1', quantity: 1, recipient: 'x', signature: null }
      await handOut(own, said, clock)
      break
    }
    case 'office.check_in': await officeCheckIn(own, { office_id: null, fix: null, reason: null }, clock); break
    case 'office.exemption_request': await askExemption(own, { kind: 'leave', first_day: '2026-11-26', last_day: '2026-11-27', reason: 'x' }, clock); break
    case 'office.make_up': await askMakeUp(own, { week: '2026-W47', reason: 'x' }, clock); break
    case 'task.done': {
      await own.tasks.put(aTask('t1'))
      await finishTask(own, { task_id: 't1', note: 'x' }, clock)
      break
    }
    default: await moveStock(own, kind, clock)
  }
  return (await own.outbox.toArray()).find((op) => op.kind === kind)?.payload ?? {}
}

async function moveStock(own: Db, kind: OpKind, clock: HandClock): Promise<void> {
  const moved = { material_id: 'm1', batch_id: null, quantity: 2, note: '' }
  await own.people.put({ id: 'r2', name: 'x', username: 'x', role: 'rep', region_id: 'r', region_name: 'x' })
  await own.warehouses.put({ id: 'main', code: 'M', name: 'x', region_id: null, active: true, rev: 1 })
  switch (kind) {
    case 'stock.transfer': await giveTo(own, { ...moved, to_id: 'r2' }, clock); break
    case 'stock.return': await sendBack(own, { ...moved, warehouse_id: 'main' }, clock); break
    case 'stock.count': await countStock(own, [{ material_id: 'm1', counted: 4, seen: 5 }], '', clock); break
    default: {
      const id = await giveTo(own, { ...moved, to_id: 'r2' }, clock)
      await own.stock_movements.update(id, { to_place: `rep:${own.userId}` })
      await confirmGot(own, { movement_id: id, quantity: 2, note: '' }, clock)
    }
  }
}
