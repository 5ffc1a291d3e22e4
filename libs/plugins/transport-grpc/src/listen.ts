import { CaissonError } from '@caisson/contracts';
import type { Server, ServerCredentials } from '@grpc/grpc-js';
import { hostOf } from './credentials.js';

/** Binds the server and resolves with the address and the port actually taken. */
export function listen(server: Server, address: string, credentials: ServerCredentials): Promise<string> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error) reject(bindFailure(address, error));
      else resolve(`${hostOf(address)}:${port}`);
    });
  });
}

/** The library only tells in words why binding failed. */
function bindFailure(address: string, cause: Error): CaissonError {
  const code = /EADDRINUSE/.test(cause.message) ? 'ADDRESS_IN_USE' : 'ADDRESS_UNAVAILABLE';
  return new CaissonError(code, { address, field: 'transport-grpc.listen' }, { cause });
}
