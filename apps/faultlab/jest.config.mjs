import preset from '../../jest.preset.mjs';

// Nearly all of it happens in virtual time, each file in a process of its own: two at once do not disturb
// each other.
export default { ...preset, displayName: '@caisson/faultlab', maxWorkers: 2 };
