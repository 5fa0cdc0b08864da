import { startPage } from '../frame/start-page.js';
import { BuildStore } from '../store/build-store.js';
import { FrontPage } from './front-page.js';

customElements.define('rb-front-page', FrontPage);
const page = document.querySelector<FrontPage>('rb-front-page')!;
startPage();
page.store = new BuildStore().open();
