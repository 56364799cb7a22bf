using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Broker;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Gateway.Embedded;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Tests.Bridge.Contract;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Bridge.Embedded;

/// <summary>The embedded bridge over a real store in a directory of its own. Leases go by the test's clock, the broker by the system's.</summary>
public sealed class EmbeddedFixture : BridgeFixture
{
    private readonly TempDirectory _directory = new("bridge");
    private readonly ManualClock _clock = new(TimeProvider.System.GetUtcNow());
    private BrokerCore? _core;

    public override async Task StartAsync()
    {
        _core = BrokerCore.Open(
            new BrokerOptions
            {
                DataDirectory = _directory.Path,
                CommitLogFileSize = 16 << 20,
                Port = 0,
                TransactionTimeout = TimeSpan.FromSeconds(1),
                TransactionCheckInterval = TimeSpan.FromMilliseconds(500),
            },
            new IPEndPoint(IPAddress.Loopback, 10911),
            TimeProvider.System,
            NullLoggerFactory.Instance,
            new PhysicalFileSystem());
        Bridge = await EmbeddedBridge.OpenAsync(_core, new EmbeddedOptions(), _clock, NullLoggerFactory.Instance);
    }

    public override async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync();
    }

    public override Task LetPassAsync(TimeSpan time)
    {
        _clock.Advance(time);
        return Task.CompletedTask;
    }

    public override async ValueTask DisposeAsync()
    {
        await StopAsync();
        _directory.Dispose();
    }

    public override async Task<IMessageBridge> OpenAnotherAsync() => await EmbeddedBridge.OpenAsync(_core!, new EmbeddedOptions(), _clock, NullLoggerFactory.Instance);

    private async Task StopAsync()
    {
        await Bridge.DisposeAsync();
        await _core!.DisposeAsync();
    }
}

public sealed class EmbeddedPublishContract : PublishContract<EmbeddedFixture>;

public sealed class EmbeddedTailContract : TailContract<EmbeddedFixture>;

public sealed class EmbeddedGroupContract : GroupContract<EmbeddedFixture>;

public sealed class EmbeddedStateContract : StateContract<EmbeddedFixture>;

public sealed class EmbeddedTopicContract : TopicContract<EmbeddedFixture>;

public sealed class EmbeddedReaderContract : ReaderContract<EmbeddedFixture>;

public sealed class EmbeddedExchangeContract : ExchangeContract<EmbeddedFixture>;

public sealed class EmbeddedRetainedContract : RetainedContract<EmbeddedFixture>;

public sealed class EmbeddedFilterQueueContract : FilterQueueContract<EmbeddedFixture>;

public sealed class EmbeddedAdministrationContract : AdministrationContract<EmbeddedFixture>;
