export { AdminHttpConfig } from './config.js';
export { HttpSurface, type HttpSurfaceParts } from './http-surface.js';
export { adminHttp, adminHttp as plugin } from './plugin.js';
export { PromMeter } from './prom-meter.js';
