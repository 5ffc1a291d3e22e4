export { Link } from './network/link.js';
export { type NodeIdentity, Port } from './network/port.js';
export { type NetworkOptions, SimulatedNetwork } from './network/simulated-network.js';
export { CALM, ROUGH, type Weather } from './network/weather.js';
export { SimulatedTransport } from './transport/simulated-transport.js';
export { simulatedTransportHarness } from './transport/transport-harness.js';
