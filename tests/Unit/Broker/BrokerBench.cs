using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Broker;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Broker;

/// <summary>A broker over a real store in a directory of its own, with a clock that the test moves.</summary>
internal sealed class BrokerBench : IAsyncDisposable
{
    private TempDirectory _directory = new("broker");
    private readonly Action<BrokerOptions>? _configure;
    private readonly List<BrokerClient> _clients = [];

    private readonly IFileSystem _files;

    private BrokerBench(Action<BrokerOptions>? configure, IFileSystem files)
    {
        _configure = configure;
        _files = files;
    }

    public ManualClock Clock { get; } = new();

    public BrokerCore Core { get; private set; } = null!;

    public string this[string file] => _directory[file];

    public static BrokerBench Open(Action<BrokerOptions>? configure = null, IFileSystem? files = null)
    {
        var bench = new BrokerBench(configure, files ?? PhysicalFileSystem.Instance);
        bench.Start();
        return bench;
    }

    /// <summary>A connection to the broker, over pipes in memory.</summary>
    /// <param name="answers">Adds what the client does with the broker's requests.</param>
    public BrokerClient Connect(Action<RequestRoutes>? answers = null)
    {
        var client = new BrokerClient(Core, Clock, answers);
        _clients.Add(client);
        return client;
    }

    /// <summary>A clean stop and a new start on the same directory.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        Start();
    }

    /// <summary>A clean stop, something in between, and a new start.</summary>
    public Task RestartAfterAsync(Action between) => RestartAfterAsync(() =>
    {
        between();
        return Task.CompletedTask;
    });

    /// <summary>As above.</summary>
    public async Task RestartAfterAsync(Func<Task> between)
    {
        await StopAsync();
        await between();
        Start();
    }

    /// <summary>What a kill -9 leaves, now, and a new start on it.</summary>
    public async Task CrashAsync()
    {
        TempDirectory before = _directory;
        var after = new TempDirectory("broker");

        // A copy takes its time, and the broker goes on meanwhile: what follows from the log is copied before the log.
        foreach (string file in Directory.GetFiles(before.Path, "*", SearchOption.AllDirectories)
            .Where(static file => Path.GetFileName(file) != "lock")
            .OrderBy(static file => file.Contains("commitlog", StringComparison.Ordinal)))
        {
            string copy = Path.Combine(after.Path, Path.GetRelativePath(before.Path, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            try
            {
                File.Copy(file, copy);
            }
            catch (FileNotFoundException)
            {
                // Written beside another one, and renamed over it in between.
            }
        }

        await StopAsync();
        _directory = after;
        before.Dispose();
        Start();
    }

    /// <summary>Moves the clock in steps until it happened: timers and the broker's own tasks take turns.</summary>
    public Task AdvanceUntil(TimeSpan step, Func<bool> condition, string what) => Eventually.True(
        () =>
        {
            if (condition())
            {
                return true;
            }

            Clock.Advance(step);
            return condition();
        },
        what);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _directory.Dispose();
    }

    private void Start()
    {
        var options = new BrokerOptions
        {
            DataDirectory = _directory.Path,
            CommitLogFileSize = 1 << 20,
            IndexSlots = 1_000,
            IndexEntries = 4_000,
            OffsetFlushInterval = TimeSpan.FromSeconds(1),
        };
        _configure?.Invoke(options);
        Core = BrokerCore.Open(options, new IPEndPoint(IPAddress.Loopback, options.Port), Clock, NullLoggerFactory.Instance, _files);
    }

    private async Task StopAsync()
    {
        foreach (BrokerClient client in _clients)
        {
            await client.DisposeAsync();
        }

        _clients.Clear();
        await Core.DisposeAsync();
    }
}
