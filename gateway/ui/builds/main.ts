import { startPage } from '../frame/start-page.js';
import { BuildStore } from '../store/build-store.js';
import { BuildsPage } from './builds-page.js';

customElements.define('rb-builds-page', BuildsPage);
const page = document.querySelector<BuildsPage>('rb-builds-page')!;
page.session = startPage().session;
page.store = new BuildStore().open();
