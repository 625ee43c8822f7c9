import { createRouter, createWebHistory, type Router } from 'vue-router'
import { currentUser } from './session'
import { guardSheets } from './sheets'

declare module 'vue-router' {
  interface RouteMeta {
    /** Key of the page's title. */
    title: string
    /** No log-in needed. */
    open?: boolean
    /** The tab bar stands below. */
    tabs?: boolean
  }
}

/** The rep's screens; each is loaded when it is first opened, and kept for offline use by the service worker. */
export function createAppRouter(): Router {
  const router = createRouter({
    history: createWebHistory('/'),
    scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
    routes: [
      { path: '/login', name: 'login', component: () => import('../features/me/LoginView.vue'), meta: { title: 'me.login', open: true } },
      { path: '/', name: 'today', component: () => import('../features/visits/TodayView.vue'), meta: { title: 'common.today', tabs: true } },
      { path: '/stores/:id', name: 'store', component: () => import('../features/stores/StoreView.vue'), props: true, meta: { title: 'stores.one' } },
      { path: '/visits/:id', name: 'visit', component: () => import('../features/visits/VisitView.vue'), props: true, meta: { title: 'visits.one' } },
      { path: '/stock', name: 'stock', component: () => import('../features/materials/StockView.vue'), meta: { title: 'stock.title', tabs: true } },
      { path: '/office', name: 'office', component: () => import('../features/office/OfficeView.vue'), meta: { title: 'office.title', tabs: true } },
      { path: '/sync', name: 'sync', component: () => import('../features/sync/SyncView.vue'), meta: { title: 'sync.title', tabs: true } },
      { path: '/me', name: 'me', component: () => import('../features/me/MeView.vue'), meta: { title: 'me.title', tabs: true } },
      { path: '/answers', name: 'answers', component: () => import('../features/answers/AnswersView.vue'), meta: { title: 'answers.list' } },
      { path: '/me/data', name: 'mydata', component: () => import('../features/mydata/MyDataView.vue'), meta: { title: 'mydata.title' } },
      { path: '/:rest(.*)*', redirect: '/' },
    ],
  })
  router.beforeEach((to) => {
    if (to.meta.open || currentUser.value) return true
    return { name: 'login', query: to.path === '/' ? {} : { next: to.fullPath } }
  })
  guardSheets(router)
  return router
}
