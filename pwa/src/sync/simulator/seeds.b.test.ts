// @vitest-environment node
import 'fake-indexeddb/auto'
import { playShare, rangeOf } from './seeds'

playShare(1, rangeOf(process.env))
