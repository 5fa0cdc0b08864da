import './front.css';
import { startPage } from '../frame/start-page.js';
import { BuildStore } from '../store/build-store.js';
import { FrontPage } from './front-page.js';
import { Limits } from './limits.js';

const { connection } = startPage();
customElements.define('rb-front-page', FrontPage);
const page = document.querySelector<FrontPage>('rb-front-page')!;
page.store = new BuildStore();
page.limits = new Limits(page.store);
page.store.open();
connection.store = page.store;
