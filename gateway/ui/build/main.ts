import { startPage } from '../frame/start-page.js';
import { BuildStore } from '../store/build-store.js';
import { BuildPage } from './build-page.js';

const name =
  new URLSearchParams(location.search).get('name') ??
  decodeURIComponent(location.pathname.split('/')[2] ?? '');

customElements.define('rb-build-page', BuildPage);
const page = document.querySelector<BuildPage>('rb-build-page')!;
page.name = name;
page.session = startPage().session;
page.store = new BuildStore({ build_name: name }).open();
