/** The protocols that the driver speaks, each with what opens its connections. Asked once for each population. */
import type { PopulationProfile, Protocol } from '../model/load.ts'
import type { ChannelSetting, OpenChannel } from './channel.ts'
import { http1Connections } from './connection.ts'
import { EventStreams } from './events/event-streams.ts'
import type { EventsOptions } from './events/event-watch.ts'
import { eventsOverHttp1 } from './events/events-conversation.ts'
import { UnaryCalls } from './grpc/unary-calls.ts'
import { HeldChannel } from './held-channel.ts'
import { Http2Channel } from './http2/channel.ts'
import { PlainRequests } from './http2/plain-requests.ts'
import { webSocket } from './websocket/conversation.ts'

const SIGN_OF_LIFE_MS = 1000

type ChannelKind = (profile: PopulationProfile, setting: ChannelSetting) => OpenChannel

/** Null: not spoken, and a plan that asks for it is refused. */
const channelKinds: Readonly<Record<Protocol, ChannelKind | null>> = {
  'http/1.1': http1Connections,
  'http/2': (_profile, setting) => {
    const requests = new PlainRequests(setting)
    return (id, route) => new Http2Channel(id, route, setting, requests)
  },
  grpc: (_profile, setting) => {
    const calls = new UnaryCalls(setting)
    return (id, route) => new Http2Channel(id, route, setting, calls)
  },
  websocket: (_profile, setting) => {
    const path = setting.request?.path ?? '/socket'
    const begin = webSocket(setting, { path, everyMs: SIGN_OF_LIFE_MS, sign: 'ping' })
    return (id, route) => new HeldChannel(id, route, setting, begin)
  },
  events: (_profile, setting) => {
    const begin = eventsOverHttp1(setting, eventsOptions(setting))
    return (id, route) => new HeldChannel(id, route, setting, begin)
  },
  'events-http/2': (_profile, setting) => {
    const streams = new EventStreams(setting, eventsOptions(setting))
    return (id, route) => new Http2Channel(id, route, setting, streams)
  },
}

function eventsOptions({ request, firstByteTimeoutMs }: ChannelSetting): EventsOptions {
  return { path: request?.path ?? '/events', endEvent: 'end', maxSilenceMs: firstByteTimeoutMs }
}

export function isSpoken(protocol: Protocol): boolean {
  return channelKinds[protocol] !== null
}

export function channelFor(profile: PopulationProfile, setting: ChannelSetting): OpenChannel {
  const kind = channelKinds[profile.protocol ?? 'http/1.1']
  if (kind === null) throw new TypeError(`${profile.protocol ?? ''} is not spoken`)
  return kind(profile, setting)
}
