import { createRouter, createWebHistory, type Router } from 'vue-router'
import type { Role } from './types'
import { loadMe, me } from './session'

declare module 'vue-router' {
  interface RouteMeta {
    /** Key of the page's title. */
    title: string
    /** No log-in needed. */
    open?: boolean
    /** Only these roles; left out: supervisors and the office. */
    roles?: readonly Role[]
  }
}

const office = ['office'] as const

/** The console's screens; each is loaded when it is first opened. */
export function createConsoleRouter(): Router {
  const router = createRouter({
    history: createWebHistory('/console/'),
    routes: [
      { path: '/login', name: 'login', component: () => import('./LoginView.vue'), meta: { title: 'login.title', open: true } },
      { path: '/', name: 'map', component: () => import('./map/MapView.vue'), meta: { title: 'nav.map' } },
      { path: '/visits', name: 'visits', component: () => import('./visits/VisitsView.vue'), meta: { title: 'nav.visits' } },
      { path: '/visits/:id', name: 'visit', component: () => import('./visits/VisitView.vue'), props: true, meta: { title: 'visits.one' } },
      { path: '/reviews', name: 'reviews', component: () => import('./reviews/ReviewsView.vue'), meta: { title: 'nav.reviews' } },
      { path: '/reaudit', name: 'reaudit', component: () => import('./reviews/ReauditView.vue'), meta: { title: 'nav.reaudit' } },
      { path: '/tasks', name: 'tasks', component: () => import('./tasks/TasksView.vue'), meta: { title: 'nav.tasks' } },
      { path: '/photos', name: 'photos', component: () => import('./photos/WallView.vue'), meta: { title: 'nav.photos' } },
      { path: '/weeks/:week?', name: 'weeks', component: () => import('./weeks/WeeksView.vue'), props: true, meta: { title: 'nav.weeks' } },
      { path: '/week-requests', name: 'weekRequests', component: () => import('./weeks/RequestsView.vue'), meta: { title: 'nav.weekRequests' } },
      { path: '/week-settings', name: 'weekSettings', component: () => import('./weeks/settings/WeekSettingsView.vue'), meta: { title: 'nav.weekSettings', roles: office } },
      { path: '/sync', name: 'sync', component: () => import('./sync/SyncHealthView.vue'), meta: { title: 'nav.sync' } },
      { path: '/stores', name: 'stores', component: () => import('./stores/StoresView.vue'), meta: { title: 'nav.stores', roles: office } },
      { path: '/stores/pins', name: 'pins', component: () => import('./stores/PinProposalsView.vue'), meta: { title: 'pins.title', roles: office } },
      { path: '/rules', name: 'rules', component: () => import('./rules/RulesView.vue'), meta: { title: 'nav.rules', roles: office } },
      { path: '/people', name: 'people', component: () => import('./people/PeopleView.vue'), meta: { title: 'nav.people', roles: office } },
      { path: '/regions', name: 'regions', component: () => import('./people/RegionsView.vue'), meta: { title: 'nav.regions', roles: office } },
      { path: '/materials/:tab?', name: 'materials', component: () => import('./materials/MaterialsView.vue'), props: true, meta: { title: 'nav.materials' } },
      { path: '/campaigns', name: 'campaigns', component: () => import('./campaigns/CampaignsView.vue'), meta: { title: 'nav.campaigns' } },
      { path: '/campaigns/:id/:tab?', name: 'campaign', component: () => import('./campaigns/CampaignView.vue'), props: true, meta: { title: 'campaigns.one' } },
      { path: '/offices', name: 'offices', component: () => import('./offices/OfficesView.vue'), meta: { title: 'nav.offices', roles: office } },
      { path: '/journal', name: 'journal', component: () => import('./journal/JournalView.vue'), meta: { title: 'nav.journal', roles: office } },
      { path: '/:rest(.*)*', name: 'nowhere', component: () => import('./NowhereView.vue'), meta: { title: 'common.nowhere' } },
    ],
  })
  router.beforeEach(async (to) => {
    if (to.meta.open) return true
    const who = me.value ?? (await loadMe())
    if (!who) return { name: 'login', query: to.path === '/' ? {} : { next: to.fullPath } }
    if (who.user.role === 'rep') {
      window.location.assign('/') // the rep's app is another page
      return false
    }
    if (to.meta.roles && !to.meta.roles.includes(who.user.role)) return { name: 'map' }
    return true
  })
  return router
}
