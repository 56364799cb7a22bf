using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.NameServer;
using ProtoBridgeMQ.NameServer.Configuration;
using ProtoBridgeMQ.NameServer.Hosting;
using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.NameServer.Settings;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Unit.NameServer;

namespace ProtoBridgeMQ.Tests.Unit.Hostile;

/// <summary>A name server that keeps what it logs as errors, and to which raw peers connect.</summary>
internal sealed class HostileNameServer : IAsyncDisposable
{
    private readonly RouteTable _table;
    private readonly LiveSettings _settings;

    public HostileNameServer()
    {
        Microsoft.Extensions.Options.IOptions<NameServerOptions> options = Microsoft.Extensions.Options.Options.Create(Options);
        _settings = new LiveSettings(options, NullLogger<LiveSettings>.Instance);
        _table = new RouteTable(options, _settings, Clock, NullLogger<RouteTable>.Instance);
        Routes = NameServerRoutes.Create(_table, new ConfigTable(options, NullLogger<ConfigTable>.Instance), _settings, options, Clock, Log);
    }

    public ManualClock Clock { get; } = new();

    public LoudLog Log { get; } = new();

    public NameServerOptions Options { get; } = new();

    public RequestRoutes Routes { get; }

    public RawPeer Peer() => new(Routes, Options.Connection, Clock, Log, new BrokerConnectionObserver(_table));

    /// <summary>A client beside asks for a value and is given it.</summary>
    public async Task CheckSteadyAsync()
    {
        RawPeer steady = Peer();
        steady.Write(NameServerFrames.Request(RequestCode.PutKvConfig, [("namespace", "steady"), ("key", "k"), ("value", "v")], default, 479));
        Assert.Equal(ResponseCode.Success, (await steady.NextAsync())!.Code);
        steady.Write(NameServerFrames.Request(RequestCode.UpdateNameServerConfig, [], Encoding.UTF8.GetBytes("needWaitForService=false\n"), 479));
        Assert.Equal(ResponseCode.Success, (await steady.NextAsync())!.Code);
        steady.Write(NameServerFrames.Request(RequestCode.GetRouteInfoByTopic, [("topic", "nobody has it")], default, 479));
        Assert.Equal(ResponseCode.TopicNotExist, (await steady.NextAsync())!.Code);
        await steady.EndAsync();
    }

    public ValueTask DisposeAsync()
    {
        Log.Dispose();
        return default;
    }
}
