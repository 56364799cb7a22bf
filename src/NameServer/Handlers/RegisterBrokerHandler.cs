using System.Buffers;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.NameServer.Configuration;
using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.NameServer.Settings;
using ProtoBridgeMQ.Remoting;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.NameServer.Handlers;

/// <summary>A broker registers its address and its topics (103).</summary>
internal sealed class RegisterBrokerHandler(RouteTable routes, ConfigTable config, LiveSettings settings, IOptions<NameServerOptions> options) : IRequestHandler
{
    // Brokers before 3.0.11 send the table of topics alone.
    private const int WholeBodyVersion = 37;

    public ValueTask HandleAsync(RemotingRequest request)
    {
        var header = RegisterBrokerRequestHeader.Read(request.Fields);
        CheckCrc(header.BodyCrc32, request.Body);
        NameServerMetrics.RegistrationBytes.Add(request.Body.Length);
        var body = ReadBody(request, header.Compressed);
        var result = routes.Register(
            new BrokerRegistration(
                header.ClusterName,
                header.BrokerName,
                header.BrokerId,
                header.BrokerAddress,
                header.HaServerAddress,
                header.ZoneName,
                header.HeartbeatTimeoutMillis is { } timeout ? Milliseconds(timeout) : null,
                header.EnableActingMaster,
                body.TopicConfig)
            {
                FilterServers = body.FilterServers,
            },
            request.Connection);
        var ordered = settings.Values.ReturnOrderTopicConfigToBroker ? config.List(ConfigTable.OrderedTopics) : null;
        request.Reply(
            ResponseCode.Success,
            new RegisterBrokerResponseHeader { HaServerAddress = result.HaAddress, MasterAddress = result.MasterAddress },
            ordered is null ? default : LenientJson.Write(ordered, RemotingJson.Bodies.KvTable));
        return default;
    }

    private RegisterBrokerBody ReadBody(RemotingRequest request, bool compressed)
    {
        var body = request.Body;
        if (body.IsEmpty)
            return new RegisterBrokerBody();
        if (body.Length > options.Value.MaxRegistrationBytes)
            throw new RemotingException($"a registration of {body.Length} bytes is larger than {options.Value.MaxRegistrationBytes}");
        var read = request.Version >= WholeBodyVersion
            ? CompressedRegistration.Read(body, compressed, options.Value.MaxRegistrationBytes)
            : new RegisterBrokerBody { TopicConfig = LenientJson.Read(body, RemotingJson.Bodies.TopicConfigTable) };
        return read is { TopicConfig: { Version: not null, Topics: not null } table } && table.Topics.Values.All(static topic => topic?.TopicName is not null)
            ? read
            : throw new RemotingException("the registration has no version or no topics, or a topic without settings");
    }

    private static TimeSpan Milliseconds(long milliseconds) =>
        TimeSpan.FromMilliseconds(Math.Clamp(milliseconds, 0, (long)TimeSpan.FromDays(36500).TotalMilliseconds));

    private static void CheckCrc(int expected, in ReadOnlySequence<byte> body)
    {
        if (expected == 0)
            return;
        var actual = body.IsSingleSegment ? BodyCrc32.Compute(body.FirstSpan) : BodyCrc32.Compute(body.ToArray());
        if (actual != expected)
            throw new RemotingException("crc32 not match");
    }
}
