using System.Globalization;
using ProtoBridgeMQ.Bridge;

namespace ProtoBridgeMQ.Tests.Bridge.Contract;

/// <summary>What the contract suite needs from a bridge under test: to start it, restart it, and let its time pass.</summary>
public abstract class BridgeFixture : IAsyncDisposable
{
    private static int _runs;

    private readonly string _run = Interlocked.Increment(ref _runs).ToString(CultureInfo.InvariantCulture);

    /// <summary>The bridge; another one after a restart.</summary>
    public IMessageBridge Bridge { get; protected set; } = null!;

    /// <summary>Deliveries of a message that is always released, until it is a dead letter.</summary>
    public virtual int MaxAttempts => 17;

    /// <summary>Starts the bridge and what is behind it.</summary>
    public abstract Task StartAsync();

    /// <summary>Stops the bridge cleanly, and starts another one over the same data.</summary>
    public abstract Task RestartAsync();

    /// <summary>Opens another gateway's bridge to the same brokers.</summary>
    public abstract Task<IMessageBridge> OpenAnotherAsync();

    /// <summary>Lets time pass for leases.</summary>
    public abstract Task LetPassAsync(TimeSpan time);

    /// <summary>A topic or group name that no other test uses.</summary>
    public virtual string Name(string name) => $"{name}-{_run}";

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
