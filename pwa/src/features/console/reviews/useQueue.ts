// The queue on screen: decisions show at once and travel behind; the next visits are fetched ahead.
import { computed, onScopeDispose, ref, shallowReactive, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import { ApiProblem, get, isAbort, post } from '../api'
import { randomId } from '../lib/ids'
import { useLoad, type Loaded } from '../lib/load'
import { photoUrl } from '../lib/photos'
import type { Page } from '../types'
import { ahead, dealt, decided, EMPTY, extended, refused, stepped, told, undone, type Deck } from './deck'
import type { Decision, QueueItem, Review, ReviewPage, ReviewState, Standing } from './types'

const AHEAD = 4
const PAGE = 50
const KEPT = 40
const STATE_AFTER: Record<Decision, ReviewState> = { accept: 'accepted', reject: 'rejected', ask: 'asked' }

/** A decision that the server did not take. */
export interface Refusal { id: string; name: string; problem: ApiProblem }

export interface Queue {
  deck: ShallowRef<Deck>
  total: Ref<number>
  first: Loaded<Page<QueueItem>>
  page: ComputedRef<ReviewPage | null>
  pageProblem: ShallowRef<ApiProblem | null>
  refusal: ShallowRef<Refusal | null>
  /** Decisions on their way to the server. */
  sending: Ref<number>
  load: (wanted: string | null) => Promise<void>
  more: () => Promise<void>
  show: (id: string) => void
  step: (by: number) => void
  decide: (decision: Decision, text?: string) => QueueItem | null
  undo: () => QueueItem | null
  again: () => void
}

export function useQueue(query: () => Record<string, string>): Queue {
  const deck = shallowRef<Deck>(EMPTY)
  const total = ref(0)
  const pages = shallowReactive(new Map<string, ReviewPage>())
  const asked = new Set<string>()
  const looked = new Set<string>()
  const pageProblem = shallowRef<ApiProblem | null>(null)
  const refusal = shallowRef<Refusal | null>(null)
  const sending = ref(0)
  // Entries of one visit go out one after the other: each names the review that the one before left.
  const chains = new Map<string, Promise<Review | null>>()
  const leaving = new AbortController()
  let cursor: string | null = null
  let generation = 0
  onScopeDispose(() => leaving.abort())

  const first = useLoad((signal) => get<Page<QueueItem>>('/reviews', { ...query(), limit: PAGE }, signal))
  const page = computed(() => (deck.value.current === null ? null : (pages.get(deck.value.current) ?? null)))
  // Fetched ahead is not seen; on screen it is.
  watch(() => page.value?.visit.id, (id) => { if (id !== undefined) void look(id) })

  async function load(wanted: string | null): Promise<void> {
    generation += 1
    renew()
    await first.load()
    const found = first.data.value
    if (!found) return
    cursor = found.next ?? null
    total.value = found.total
    deck.value = dealt({ ...EMPTY, done: deck.value.done }, found.items, wanted)
    // A link may name a visit that the filter does not give: it is shown all the same.
    if (wanted !== null && deck.value.current !== wanted) await showLinked(wanted)
    arrive()
  }

  /** A new list is looked at anew: meanwhile reps have answered, and others decided. */
  function renew(): void {
    asked.clear()
    looked.clear()
    pages.clear()
  }

  async function showLinked(id: string): Promise<void> {
    await fetchPage(id)
    const found = pages.get(id)
    if (!found) return
    const item: QueueItem = { ...found.visit, review: found.review, risk: found.risk }
    deck.value = { ...deck.value, items: [item, ...deck.value.items], current: id }
  }

  async function more(): Promise<void> {
    if (cursor === null) return
    const mine = generation
    const asking = cursor
    cursor = null
    try {
      const found = await get<Page<QueueItem>>('/reviews', { ...query(), limit: PAGE, cursor: asking }, leaving.signal)
      if (mine !== generation) return
      cursor = found.next ?? null
      deck.value = extended(deck.value, found.items)
    } catch (error) {
      if (isAbort(error)) return
      if (!(error instanceof ApiProblem)) throw error
      cursor = asking
      pageProblem.value = error
    }
  }

  /** Fetch what is shown, and what will be. */
  function arrive(): void {
    const { current } = deck.value
    pageProblem.value = null
    if (current === null) return
    void fetchPage(current)
    const next = ahead(deck.value, AHEAD)
    for (const id of next) void fetchPage(id)
    if (next.length < AHEAD) void more()
  }

  /** Tell that a visit is on screen, for the rep to see who looked: once a sitting, nothing waits for it. */
  async function look(id: string): Promise<void> {
    if (looked.has(id)) return
    looked.add(id)
    try {
      await post(`/reviews/${encodeURIComponent(id)}/looks`)
    } catch (error) {
      looked.delete(id) // told when it is shown again
      if (!(error instanceof ApiProblem)) throw error
    }
  }

  async function fetchPage(id: string): Promise<void> {
    if (asked.has(id)) return
    const mine = generation
    asked.add(id)
    try {
      const found = await get<ReviewPage>(`/reviews/${encodeURIComponent(id)}`, { ahead: true }, leaving.signal)
      if (mine !== generation) return
      for (const photo of found.visit.photos) {
        if (photo.state === 'complete') new Image().src = photoUrl(photo.id, 'thumb')
      }
      pages.set(id, found)
      forgetOld()
    } catch (error) {
      if (mine !== generation) return
      asked.delete(id)
      if (isAbort(error)) return
      if (!(error instanceof ApiProblem)) throw error
      if (deck.value.current === id) pageProblem.value = error
    }
  }

  function forgetOld(): void {
    for (const id of pages.keys()) {
      if (pages.size <= KEPT) return
      if (id !== deck.value.current) { pages.delete(id); asked.delete(id) }
    }
  }

  function show(id: string): void {
    if (deck.value.items.some((item) => item.id === id)) deck.value = { ...deck.value, current: id }
    arrive()
  }

  function step(by: number): void {
    deck.value = stepped(deck.value, by)
    arrive()
  }

  /** Decide on the visit shown. Returns it, or null where nothing may be decided on. */
  function decide(decision: Decision, text?: string): QueueItem | null {
    const item = deck.value.items.find((one) => one.id === deck.value.current)
    if (!item || item.review.blind) return null
    refusal.value = null
    deck.value = decided(deck.value, STATE_AFTER[decision])
    send(item, { action: decision, ...(text && { text }) })
    arrive()
    return item
  }

  /** Take back the last decision of this sitting. Returns its visit. */
  function undo(): QueueItem | null {
    const last = deck.value.done.at(-1)
    const item = deck.value.items.find((one) => one.id === last?.id)
    if (!item) return null
    deck.value = undone(deck.value)
    send(item, { action: 'undo' })
    arrive()
    return item
  }

  function send(item: QueueItem, body: Record<string, unknown>): void {
    sending.value += 1
    const before = chains.get(item.id) ?? Promise.resolve(pages.get(item.id)?.review ?? item.review)
    const isLast = () => chains.get(item.id) === mine
    const mine: Promise<Review | null> = before.then(async (review) => {
      if (review === null) return null // the one before was refused, and with it all that follows
      try {
        const path = `/reviews/${encodeURIComponent(item.id)}/decisions`
        const entry = { id: randomId(), rev: review.rev, undoes: review.entry_id, ...body }
        const answer = await post<Standing>(path, entry)
        accept(item.id, answer, isLast())
        return answer.review
      } catch (error) {
        if (!(error instanceof ApiProblem)) throw error
        refuse(item, error)
        return null
      }
    })
    chains.set(item.id, mine)
    void mine.finally(() => {
      sending.value -= 1
      if (isLast()) chains.delete(item.id)
    })
  }

  function accept(id: string, answer: Standing, isLast: boolean): void {
    const known = pages.get(id)
    if (known) pages.set(id, { ...known, ...answer })
    // What was decided meanwhile shows already, and is on its way.
    if (isLast) deck.value = told(deck.value, id, answer.review)
  }

  function refuse(item: QueueItem, problem: ApiProblem): void {
    deck.value = refused(deck.value, item.id)
    refusal.value = { id: item.id, name: item.store_name, problem }
    pages.delete(item.id)
    asked.delete(item.id)
    // What somebody else decided is to be seen before one decides again.
    void fetchPage(item.id).then(() => {
      const found = pages.get(item.id)
      if (found) deck.value = told(deck.value, item.id, found.review)
    })
  }

  function again(): void {
    arrive()
  }

  return { deck, total, first, page, pageProblem, refusal, sending, load, more, show, step, decide, undo, again }
}
