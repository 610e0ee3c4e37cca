/**
 * Fails, in words anyone understands, under a Node that cannot run TypeScript as it is written here. In plain JavaScript, since
 * it is for just those Nodes. `npm ci` brings Node 24 for Linux and Windows, and npm scripts find it first; macOS needs its own.
 */
const NODE_MAJOR_MIN = 24

const major = Number(process.versions.node.split('.')[0])
if (major < NODE_MAJOR_MIN) {
  const next =
    process.platform === 'darwin'
      ? `install Node ${NODE_MAJOR_MIN} or newer (https://nodejs.org), then run this again`
      : `run it through npm (\`npm run …\`, \`npm test\`) after \`npm ci\` without \`--omit=optional\`: that brings Node ${NODE_MAJOR_MIN}`
  console.error(`gatehouse needs Node ${NODE_MAJOR_MIN} or newer, and this is ${process.versions.node} (${process.execPath}).\n${next}.`)
  process.exit(1)
}
