import type { Command } from 'commander'
import { loadPack } from './parts/pack.ts'
import { readConfig } from './read-config.ts'

/** `gatehouse check`: configuration, catalogue and policies, without starting or reaching anything. */
export function checkCommand(program: Command): void {
  program
    .command('check')
    .description('check configuration, catalogue and policies without starting anything')
    .option('--config <file>', 'the configuration to check; without it the catalogue and policies named below')
    .option('--catalogue <folder>', 'folder of catalogue packs', 'catalogue')
    .option('--policies <folder>', 'folder of Cedar policies', 'policies')
    .option('--use-cases <file>', 'use cases and groups', 'policies/usecases.yaml')
    .action((options: { readonly config?: string; readonly catalogue: string; readonly policies: string; readonly useCases: string }) => {
      const { catalogue, bundle, directory } = loadPack(options.config === undefined ? options : readConfig(options.config))
      const count = (things: object): number => Object.keys(things).length
      process.stdout.write(
        `no fault found: ${count(catalogue.resources)} resources, ${count(catalogue.operations)} operations, ${count(bundle.rules)} policies (serial ${bundle.serial}), ${directory.useCases.length} use cases\n`,
      )
    })
}
