import { text } from 'node:stream/consumers';
import { searchDisk } from '../disk-search.js';
import { areaOf, type SearchJob, type SearchReport } from './live-search.js';

const { folder, lines } = JSON.parse(await text(process.stdin)) as SearchJob;
const { found, needles, bytesSearched, areas } = await searchDisk(folder, lines, areaOf);
const report: SearchReport = { found, needles, bytesSearched, areas: Object.fromEntries(areas) };
process.stdout.write(JSON.stringify(report));
