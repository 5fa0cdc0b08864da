import './builds.css';
import { startPage } from '../frame/start-page.js';
import { BuildsList } from './builds-list.js';
import { BuildsPage } from './builds-page.js';

const { session, connection } = startPage();
customElements.define('rb-builds-list', BuildsList);
customElements.define('rb-builds-page', BuildsPage);
const page = document.querySelector<BuildsPage>('rb-builds-page')!;
page.session = session;
page.connection = connection;
