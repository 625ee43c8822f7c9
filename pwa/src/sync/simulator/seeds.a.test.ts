// @vitest-environment node
import 'fake-indexeddb/auto'
import { playShare, rangeOf } from './seeds'

playShare(0, rangeOf(process.env))
