import { createRootRoute, createRoute, createRouter, Outlet } from '@tanstack/react-router'
import { ChangesPage } from './pages/changes.tsx'
import { DevicesPage } from './pages/devices.tsx'
import { DraftPage } from './pages/draft.tsx'
import { DraftsPage } from './pages/drafts.tsx'
import { JournalPage } from './pages/journal.tsx'
import { LinkPage } from './pages/link.tsx'
import { PilotPage } from './pages/pilot.tsx'
import { RefusalPage } from './pages/refusal.tsx'
import { RequestsPage } from './pages/requests.tsx'
import { SessionsPage } from './pages/sessions.tsx'
import { SignInPage } from './pages/sign-in.tsx'
import { WelcomePage } from './pages/welcome.tsx'
import { Nowhere } from './parts/nowhere.tsx'
import { Shell } from './shell.tsx'

const root = createRootRoute({ component: Outlet, notFoundComponent: Nowhere })
/** Everything but the two ways in: only for the signed-in. */
const inside = createRoute({ getParentRoute: () => root, id: 'inside', component: Shell })

type Words = Readonly<Record<string, unknown>>
const code = (words: Words): { readonly code?: string } => (typeof words['code'] === 'string' ? { code: words['code'] } : {})
const back = (words: Words): { readonly back?: string } => (typeof words['back'] === 'string' ? { back: words['back'] } : {})

const tree = root.addChildren([
  createRoute({ getParentRoute: () => root, path: '/sign-in', component: SignInPage, validateSearch: back }),
  createRoute({ getParentRoute: () => root, path: '/welcome', component: WelcomePage, validateSearch: code }),
  inside.addChildren([
    createRoute({ getParentRoute: () => inside, path: '/', component: PilotPage }),
    createRoute({ getParentRoute: () => inside, path: '/changes', component: ChangesPage }),
    createRoute({ getParentRoute: () => inside, path: '/drafts', component: DraftsPage }),
    createRoute({ getParentRoute: () => inside, path: '/drafts/$id', component: DraftPage }),
    createRoute({ getParentRoute: () => inside, path: '/sessions', component: SessionsPage }),
    createRoute({ getParentRoute: () => inside, path: '/journal', component: JournalPage }),
    createRoute({ getParentRoute: () => inside, path: '/refusals/$id', component: RefusalPage }),
    createRoute({ getParentRoute: () => inside, path: '/requests', component: RequestsPage }),
    createRoute({ getParentRoute: () => inside, path: '/link', component: LinkPage, validateSearch: code }),
    createRoute({ getParentRoute: () => inside, path: '/devices', component: DevicesPage }),
  ]),
])

/** Search words are words: a code of digits is not turned into a number. */
export const consoleRouter = () =>
  createRouter({
    routeTree: tree,
    parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
    stringifySearch: (words) => {
      const search = new URLSearchParams(Object.entries(words).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])))
      return search.size === 0 ? '' : `?${search}`
    },
  })

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof consoleRouter>
  }
}
