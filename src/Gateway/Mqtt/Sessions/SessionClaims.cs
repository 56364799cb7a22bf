using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.State;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Session;
using ProtoBridgeMQ.Gateway.Mqtt.Wills;

namespace ProtoBridgeMQ.Gateway.Mqtt.Sessions;

/// <summary>
/// Takes clients over from other gateways of the cluster. A connection claims its client identifier by a record in the
/// state they share; the order of the log says who claimed last. Whoever had the client closes its connection, saves
/// what belongs to the session, and says so; whoever claimed waits for that.
/// </summary>
public sealed class SessionClaims : IDisposable
{
    private const string Space = "mqtt.claim";

    private readonly IStateStore _state;
    private readonly SessionStore _sessions;
    private readonly WillStore _wills;
    private readonly GatewayPresence _presence;
    private readonly TimeSpan _patience;
    private readonly TimeProvider _clock;
    private readonly ILogger<SessionClaims> _logger;
    private readonly ConcurrentDictionary<string, SessionClaim> _claims = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _waiting = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _silent = new(StringComparer.Ordinal);
    private readonly IDisposable[] _watches;
    private long _number;

    public SessionClaims(IMessageBridge bridge, SessionStore sessions, WillStore wills, GatewayPresence presence, IOptions<MqttOptions> options, TimeProvider clock, ILogger<SessionClaims> logger)
    {
        IsShared = bridge.Capabilities is { IsShared: true, DurableState: true };
        _state = bridge.State;
        _sessions = sessions;
        _wills = wills;
        _presence = presence;
        _patience = options.Value.TakeOverWait;
        _clock = clock;
        _logger = logger;
        _watches = IsShared
            ? [_state.Watch(Space, OnClaim), _state.Watch(SessionSpaces.Sessions, OnSettled), _state.Watch(WillStore.Space, OnSettled)]
            : [];
    }

    /// <summary>Whether other gateways serve the same sessions.</summary>
    public bool IsShared { get; }

    /// <summary>
    /// Claims a client for a connection. Where something of the client is kept, or is to be, it completes when whoever had
    /// the client before has saved it, or is given up.
    /// </summary>
    /// <param name="connection">It has the client identifier at this gateway.</param>
    /// <param name="clientId">The client.</param>
    /// <param name="isKept">Whether the session outlives its connection.</param>
    /// <exception cref="BridgeException">It could not be claimed.</exception>
    public async ValueTask ClaimAsync(MqttConnection connection, string clientId, bool isKept)
    {
        if (!IsShared)
            return;
        string key = SessionSpaces.KeyOf(clientId);
        var claim = new SessionClaim(connection, key, Encoding.ASCII.GetBytes($"{_presence.Name}.{Interlocked.Increment(ref _number)}"));
        connection.Claim = claim;
        _claims[key] = claim;
        bool matters = isKept
            || await _sessions.FindAsync(key, connection.Ending).ConfigureAwait(false) is not null
            || await _wills.FindAsync(clientId, connection.Ending).ConfigureAwait(false) is not null;
        Task writing = WriteAsync(claim, matters);
        if (!matters)
            return;
        await writing.ConfigureAwait(false);
        await AwaitReleaseAsync(clientId, key, connection.Ending).ConfigureAwait(false);
        connection.Ending.ThrowIfCancellationRequested();
    }

    /// <summary>The connection has ended.</summary>
    public void End(SessionClaim claim) => _claims.TryRemove(KeyValuePair.Create(claim.Key, claim));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable watch in _watches)
            watch.Dispose();
    }

    /// <summary>A claim is a moment in the log: its record is taken away again.</summary>
    private async Task WriteAsync(SessionClaim claim, bool matters)
    {
        try
        {
            await _state.PutAsync(Space, claim.Key, claim.Value, CancellationToken.None).ConfigureAwait(false);
            _ = ForgetAsync(claim.Key);
        }
        catch (BridgeException failed) when (!matters)
        {
            // Nothing is kept of the client: it is served, and another gateway may serve a client of that name, too.
            SessionLog.NotClaimed(_logger, SessionSpaces.ClientIdOf(claim.Key), failed.Message);
        }
    }

    private async Task ForgetAsync(string key)
    {
        try
        {
            await _state.DeleteAsync(Space, key, CancellationToken.None).ConfigureAwait(false);
        }
        catch (BridgeException)
        {
            // The next claim of the client replaces it.
        }
    }

    private async ValueTask AwaitReleaseAsync(string clientId, string key, CancellationToken cancellationToken)
    {
        long start = _clock.GetTimestamp();
        try
        {
            while (true)
            {
                var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _waiting[key] = changed;
                if (await FindOwnerAsync(clientId, key, cancellationToken).ConfigureAwait(false) is not { } owner)
                    return;
                TimeSpan left = _patience - _clock.GetElapsedTime(start);
                try
                {
                    await changed.Task.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, _clock, cancellationToken).ConfigureAwait(false);
                }
                catch (TimeoutException)
                {
                    // It is waited for again when it is heard of after now.
                    _silent[owner] = _clock.GetUtcNow().ToUnixTimeMilliseconds();
                    SessionLog.NotReleased(_logger, clientId, owner, _patience);
                    return;
                }
            }
        }
        finally
        {
            _waiting.TryRemove(key, out _);
        }
    }

    /// <summary>The other gateway that has something of the client that it may still save; null when there is none.</summary>
    private async ValueTask<string?> FindOwnerAsync(string clientId, string key, CancellationToken cancellationToken)
    {
        if (await _sessions.FindAsync(key, cancellationToken).ConfigureAwait(false) is { DisconnectedAt: 0 } session
            && await IsThereAsync(session.Owner, cancellationToken).ConfigureAwait(false))
        {
            return session.Owner;
        }

        return await _wills.FindAsync(clientId, cancellationToken).ConfigureAwait(false) is { DueAt: 0 } will
            && await IsThereAsync(will.Owner, cancellationToken).ConfigureAwait(false)
            ? will.Owner
            : null;
    }

    private async ValueTask<bool> IsThereAsync(string owner, CancellationToken cancellationToken)
    {
        if (owner == _presence.Name)
            return false;
        long said = await _presence.LastSaidAsync(owner, cancellationToken).ConfigureAwait(false);
        return said > 0
            && _clock.GetUtcNow().ToUnixTimeMilliseconds() - said < (long)GatewayPresence.Patience.TotalMilliseconds
            && (!_silent.TryGetValue(owner, out long silent) || said > silent);
    }

    /// <summary>Under a lock of the state: what takes time is done elsewhere.</summary>
    private void OnClaim(string key, ReadOnlyMemory<byte>? before, ReadOnlyMemory<byte>? after)
    {
        if (after is not { } value || !_claims.TryGetValue(key, out SessionClaim? claim))
            return;
        if (value.Span.SequenceEqual(claim.Value.Span))
            claim.Written();
        else if (claim.TryLose())
            ThreadPool.UnsafeQueueUserWorkItem(static lost => lost.Connection.Close(new ProtocolError(ReasonCode.SessionTakenOver, "a connection at another gateway has the same client identifier")), claim, preferLocal: false);
    }

    private void OnSettled(string key, ReadOnlyMemory<byte>? before, ReadOnlyMemory<byte>? after)
    {
        if (_waiting.TryGetValue(key, out TaskCompletionSource? waiting))
            waiting.TrySetResult();
    }
}
