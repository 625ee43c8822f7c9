// The rep app's words in one file: they are loaded together.
import common from './common.json'
import visits from './visits.json'
import stores from './stores.json'
import photos from './photos.json'
import materials from './materials.json'
import office from './office.json'
import sync from './sync.json'
import me from './me.json'
import stock from './stock.json'
import rescue from './rescue.json'
import answers from './answers.json'
import mydata from './mydata.json'
import campaigns from './campaigns.json'
import tasks from './tasks.json'

export default { common, visits, stores, photos, materials, office, sync, me, rescue, stock, answers, mydata, campaigns, tasks }
