import './build.css';
import { startPage } from '../frame/start-page.js';
import { BuildStore } from '../store/build-store.js';
import { BuildPage } from './build-page.js';
import { LogView } from './log/log-view.js';

const query = new URLSearchParams(location.search);
const name = query.get('name') ?? decodeURIComponent(location.pathname.split('/')[2] ?? '');

const { session, connection } = startPage();
customElements.define('rb-log', LogView);
customElements.define('rb-build-page', BuildPage);
const page = document.querySelector<BuildPage>('rb-build-page')!;
page.name = name;
page.forwards = query.has('live');
page.session = session;
page.store = new BuildStore({ build_name: name }).open();
connection.store = page.store;
