using System.Globalization;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>GET_BROKER_RUNTIME_INFO (28): what the broker is and where its log stands.</summary>
internal sealed class RuntimeInfoHandler(BrokerCore core, TimeProvider time) : IRequestHandler
{
    private readonly long _bootTime = time.GetUtcNow().ToUnixTimeMilliseconds();

    public ValueTask HandleAsync(RemotingRequest request)
    {
        var info = new KvTable
        {
            Table =
            {
                ["brokerVersionDesc"] = "ProtoBridgeMQ " + typeof(RuntimeInfoHandler).Assembly.GetName().Version?.ToString(3),
                ["bootTimestamp"] = Text(_bootTime),
                ["brokerActive"] = core.Status.Writable ? "true" : "false",
                ["commitLogMinOffset"] = Text(core.Store.MinPhysicalOffset),
                ["commitLogMaxOffset"] = Text(core.Store.Written.Value),
                ["dispatchBehindBytes"] = Text(core.Store.Written.Value - core.Store.Dispatched.Value),
            },
        };
        request.Reply(ResponseCode.Success, default(NoFields), LenientJson.Write(info, RemotingJson.Bodies.KvTable));
        return default;
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
