// The cases in a page, to be called from outside by name: window.contract.
import { Db } from '../schema'
import { REP } from '../testing'
import { cases } from './cases'
import type { Harness, Tab } from './harness'
import { tab } from './tab'

interface Contract {
  tab: Tab
  /** The cases: their names, and how much storage the browser must be left with. */
  list(): { name: string; quota: number | null; afterwards: boolean }[]
  /** Run one; raises where it fails. */
  run(name: string, afterwards: boolean): Promise<void>
}

declare global {
  interface Window { contract: Contract }
}

window.contract = {
  tab,
  list: () => cases.map(({ name, quota, afterwards }) => ({ name, quota: quota ?? null, afterwards: afterwards !== undefined })),
  async run(name, afterwards) {
    const one = cases.find((found) => found.name === name)
    await (afterwards ? one?.afterwards : one?.run)?.(harnessOf(name))
  },
}

function harnessOf(name: string): Harness {
  return {
    name,
    open: (other = name) => new Db(REP, other),
    otherTab,
    // The storage of the whole browser was made small.
    fill: () => undefined,
  }
}

/** A page of its own, in a frame: it has its own classes, connections and current transaction. */
async function otherTab(): Promise<Tab> {
  const frame = document.createElement('iframe')
  const loaded = new Promise((resolve) => frame.addEventListener('load', resolve))
  frame.src = location.href
  document.body.append(frame)
  await loaded
  return frame.contentWindow!.contract.tab
}
