using Microsoft.Extensions.Options;
using ProtoBridgeMQ.NameServer.Configuration;
using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.Remoting;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using System.Buffers;

namespace ProtoBridgeMQ.NameServer.Handlers;

/// <summary>A broker registers its address and its topics (103).</summary>
internal sealed class RegisterBrokerHandler(RouteTable routes, ConfigTable config, IOptions<NameServerOptions> options) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        var header = RegisterBrokerRequestHeader.Read(request.Fields);
        CheckCrc(header.BodyCrc32, request.Body);
        var body = CompressedRegistration.Read(request.Body, header.Compressed, options.Value.MaxRegistrationBytes);
        var result = routes.Register(
            new BrokerRegistration(
                header.ClusterName,
                header.BrokerName,
                header.BrokerId,
                header.BrokerAddress,
                header.HaServerAddress,
                request.Fields.GetStringOrNull("zoneName"u8),
                header.HeartbeatTimeoutMillis is { } timeout ? TimeSpan.FromMilliseconds(timeout) : null,
                header.EnableActingMaster,
                body.TopicConfig),
            request.Connection);
        var ordered = config.List(ConfigTable.OrderedTopics);
        request.Reply(
            ResponseCode.Success,
            new RegisterBrokerResponseHeader { HaServerAddress = result.HaAddress, MasterAddress = result.MasterAddress },
            ordered is null ? default : LenientJson.Write(ordered, RemotingJson.Bodies.KvTable));
        return default;
    }

    private static void CheckCrc(int expected, in ReadOnlySequence<byte> body)
    {
        if (expected == 0)
            return;
        var actual = body.IsSingleSegment ? BodyCrc32.Compute(body.FirstSpan) : BodyCrc32.Compute(body.ToArray());
        if (actual != expected)
            throw new RemotingException("crc32 not match");
    }
}
