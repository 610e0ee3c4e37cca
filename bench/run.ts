import { chmodSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { measure, LEVELS } from './ask.ts'
import { raiseBench } from './house.ts'
import { openTargets } from './targets.ts'
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
chmodSync(folder, 0o711)
const house = await raiseBench(folder, join(folder, 'data'))
const { targets, stop } = await openTargets(house)
try {
const r = await measure(targets, { rounds: Number(process.argv[2] ?? 1), seconds: Number(process.argv[3] ?? 1), say: console.log })
for (const l of LEVELS) for (const t of targets) for (const x of r.filter(x => x.target === t.name && x.connections === l)) console.log(l, t.name.padEnd(20), x.callsPerSecond.toFixed(0), x.p50.toFixed(2), x.p95.toFixed(2), x.p99.toFixed(2), JSON.stringify(x.cpu))
} finally { stop(); await house.drop() }
