export { GatewayGrpcConfig } from './config.js';
export { GrpcGateway, type GatewayParts } from './grpc-gateway.js';
export { gatewayGrpc, gatewayGrpc as plugin } from './plugin.js';
export { ERROR_TRAILER, toServiceError } from './status.js';
