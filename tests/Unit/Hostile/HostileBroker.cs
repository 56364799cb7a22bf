using System.Net;
using ProtoBridgeMQ.Broker;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Handlers;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Unit.Broker;

namespace ProtoBridgeMQ.Tests.Unit.Hostile;

/// <summary>A broker that keeps what it logs as errors, and to which raw peers connect.</summary>
internal sealed class HostileBroker : IAsyncDisposable
{
    private readonly TempDirectory _directory = new("hostile");
    private readonly List<BrokerClient> _clients = [];
    private readonly IConnectionObserver _observer;
    private int _port = 40_001;

    public HostileBroker(Action<BrokerOptions>? configure = null, IFileSystem? files = null)
    {
        Options = new BrokerOptions
        {
            DataDirectory = _directory.Path,
            CommitLogFileSize = 1 << 20,
            IndexSlots = 1_000,
            IndexEntries = 4_000,
            OffsetFlushInterval = TimeSpan.FromSeconds(1),
        };
        configure?.Invoke(Options);
        Core = BrokerCore.Open(Options, new IPEndPoint(IPAddress.Loopback, 10911), Clock, Log, files ?? PhysicalFileSystem.Instance);
        Routes = BrokerRoutes.Of(Core, Clock, Log);
        _observer = BrokerRoutes.Observer(Core);
    }

    public ManualClock Clock { get; } = new();

    public LoudLog Log { get; } = new();

    public BrokerOptions Options { get; }

    public BrokerCore Core { get; }

    public RequestRoutes Routes { get; }

    public RawPeer Peer() => Peer(0);

    public RawPeer Peer(int window, AnswerBudget? budget = null) =>
        new(Routes, Options.Remoting, Clock, Log, _observer, 40_001 + (_port++ % 20_000), window, budget);

    public BrokerClient Connect()
    {
        var client = new BrokerClient(Core, Clock);
        _clients.Add(client);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (BrokerClient client in _clients)
        {
            await client.DisposeAsync();
        }

        await Core.DisposeAsync();
        Log.Dispose();
        _directory.Dispose();
    }
}
