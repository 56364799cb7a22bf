using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Client.Connections;
using ProtoBridgeMQ.Client.Diagnostics;
using ProtoBridgeMQ.Client.Groups;
using ProtoBridgeMQ.Client.Requests;
using ProtoBridgeMQ.Client.Routing;
using ProtoBridgeMQ.Client.Tracing;
using ProtoBridgeMQ.Client.Transactions;
using ProtoBridgeMQ.Remoting.Frames;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client;

/// <summary>
/// The connections, routes and heartbeats to one cluster. Producers, consumers, readers and admin clients make one
/// of their own, or share one: then the process has one connection to each broker, under one client id.
/// </summary>
/// <remarks>
/// Thread safe. Connects when first used. Dispose it after everything that shares it.
/// Two consumers of one group must not share a connection: the group would see one member.
/// </remarks>
public sealed class ClusterConnection : IAsyncDisposable
{
    private static int _keyMakers;

    private readonly RemotingClient _remoting;
    private readonly CancellationTokenSource _stopped = new();
    private readonly Lock _gate = new();
    private Task _refreshing = Task.CompletedTask;
    private bool _started;
    private bool _disposed;

    /// <summary>Makes a connection; nothing is connected yet.</summary>
    /// <exception cref="ArgumentException">An option is not possible.</exception>
    public ClusterConnection(ClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Options = options;
        InstanceName = options.InstanceName ?? ClientIdentity.MakeInstanceName();
        ClientId = ClientIdentity.MakeClientId(InstanceName);
        Log = options.LoggerFactory.CreateLogger("ProtoBridgeMQ.Client");
        Keys = new UniqueKey(options.TimeProvider, ClientIdentity.HostAddress, Environment.ProcessId, MakeLoaderId());

        var notices = new MembershipNotices();
        var resets = new OffsetResets();
        Replies = new PendingReplies(options.MaxPendingReplies, options.MaxBodySize, Log);
        Transactions = new TransactionChecks(options.MaxBodySize, Log);
        RequestRoutes routes = new RequestRoutes()
            .Add(RequestCode.NotifyConsumerIdsChanged, notices)
            .Add(RequestCode.ResetConsumerClientOffset, resets)
            .Add(RequestCode.PushReplyMessageToClient, Replies)
            .Add(RequestCode.CheckTransactionState, Transactions);
        var observer = new ReconnectObserver();
        _remoting = new RemotingClient(
            new RemotingClientOptions
            {
                ConnectTimeout = options.ConnectTimeout,
                Connection = new RemotingOptions
                {
                    MaxPendingInvokes = options.MaxPendingRequests,
                    Serialization = options.BinaryHeaders ? SerializeType.RocketMq : SerializeType.Json,
                    // A pull of a batch of the largest bodies must fit.
                    MaxFrameLength = Math.Max(options.MaxBodySize * 2L, 16L << 20) is var frame && frame > int.MaxValue ? int.MaxValue : (int)frame,
                },
            },
            options.TimeProvider,
            Log,
            routes,
            observer);
        Calls = new RemoteCalls(_remoting, options.AddressMap, options.Credentials());
        NameServers = new NameServers(options.NameServerAddresses(), Calls, options.RequestTimeout, Log);
        Routes = new RouteCache(NameServers, options, Log);
        Heartbeats = new Heartbeats(ClientId, Routes, Calls, options, Log, _stopped.Token);
        observer.Opened = Heartbeats.Wake;
        notices.Members = Heartbeats;
        resets.Members = Heartbeats;
        Trace = options.Trace ? new MessageTrace(this) : null;
    }

    /// <summary>What brokers know this client by: <c>address@instance</c>.</summary>
    public string ClientId { get; }

    internal ClientOptions Options { get; }

    internal string InstanceName { get; }

    internal ILogger Log { get; }

    internal UniqueKey Keys { get; }

    internal RemoteCalls Calls { get; }

    internal NameServers NameServers { get; }

    internal RouteCache Routes { get; }

    internal Heartbeats Heartbeats { get; }

    /// <summary>Requests that wait for their replies.</summary>
    internal PendingReplies Replies { get; }

    /// <summary>Where brokers' questions about transactions go.</summary>
    internal TransactionChecks Transactions { get; }

    /// <summary>RocketMQ's message trace, when it is on.</summary>
    internal MessageTrace? Trace { get; }

    /// <summary>Cancelled when the connection is disposed.</summary>
    internal CancellationToken Stopped => _stopped.Token;

    /// <summary>The connection of a client that has one of its own.</summary>
    /// <exception cref="ArgumentException">An option is not possible.</exception>
    internal static ClusterConnection Of(ClientOptions? client)
    {
        ClientOptions.Require(client is not null, "Client", "is null");
        return new ClusterConnection(client!);
    }

    /// <summary>Starts the background work, once.</summary>
    internal void EnsureStarted()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_started)
            {
                return;
            }

            _started = true;
            _refreshing = RefreshAsync();
            Heartbeats.Start();
            Trace?.Start();
        }
    }

    /// <summary>The master's address of a broker, asked for again when it is not known.</summary>
    /// <exception cref="ClusterUnreachableException">No route names the broker.</exception>
    internal async ValueTask<string> RequireAddressAsync(MessageQueue queue, bool masterOnly, CancellationToken cancellationToken)
    {
        string? address = Routes.AddressOf(queue.BrokerName, masterOnly);
        if (address is null)
        {
            await Routes.LookUpAsync(Routes.Entry(queue.Topic), null, 0, cancellationToken).ConfigureAwait(false);
            address = Routes.AddressOf(queue.BrokerName, masterOnly);
        }

        return address ?? throw new ClusterUnreachableException(
            $"No name server knows {(masterOnly ? "a master of " : string.Empty)}broker {queue.BrokerName}, which has {queue}.", false, null);
    }

    /// <summary>Closes the connections and ends the background work. Requests in progress fail.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        if (Trace is not null)
        {
            await Trace.StopAsync().ConfigureAwait(false);
        }

        await _stopped.CancelAsync().ConfigureAwait(false);
        await _refreshing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Heartbeats.Ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _remoting.DisposeAsync().ConfigureAwait(false);
        _stopped.Dispose();
    }

    private static int MakeLoaderId()
    {
        // Tells this process's clients apart, and processes of one id on one host after a restart.
        Span<byte> random = stackalloc byte[4];
        System.Security.Cryptography.RandomNumberGenerator.Fill(random);
        return BitConverter.ToInt32(random) + Interlocked.Increment(ref _keyMakers);
    }

    private async Task RefreshAsync()
    {
        using var timer = new PeriodicTimer(Options.RouteRefreshInterval, Options.TimeProvider);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopped.Token).ConfigureAwait(false))
            {
                await Routes.RefreshAsync(_stopped.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
        }
        catch (Exception defect)
        {
            Log.BackgroundDefect(defect);
            throw;
        }
    }
}
