// This package, as built in this folder.
import { sdkCalls } from './sdk.mjs';

const { Portkey } = await import('../../index.mjs').catch((cause) => {
  throw new Error(`portkey-native cannot be loaded (npm run build makes it): ${cause.message}`);
});

export const create = ({ url }) => sdkCalls(new Portkey({ provider: 'openai', customHost: url, Authorization: 'Bearer x' }));
