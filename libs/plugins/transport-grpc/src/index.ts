export { TransportGrpcConfig } from './config.js';
export { GrpcTransport, type TransportParts } from './grpc-transport.js';
export { nodeUri } from './node-names.js';
export { transportGrpc, transportGrpc as plugin } from './plugin.js';
