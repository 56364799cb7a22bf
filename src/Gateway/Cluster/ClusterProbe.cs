using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Gateway.Cluster;

/// <summary>
/// Whether the cluster is there, for readiness: what publishes see, and what is asked from time to time. Asking also ends what a
/// failed publish began: a gateway that gets no work because it is not ready would never find out otherwise.
/// </summary>
internal sealed class ClusterProbe : IAsyncDisposable
{
    private readonly AdminClient _admin;
    private readonly TimeSpan _interval;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stopped = new();
    private readonly Task _asking;
    private volatile string? _asked;
    private volatile string? _failed;

    public ClusterProbe(ClusterConnection connection, TimeSpan interval, TimeProvider clock, ILogger log)
    {
        _admin = new AdminClient(connection);
        _interval = interval;
        _clock = clock;
        _log = log;
        _asking = AskAsync();
    }

    /// <summary>Why nothing can be published, for people; null when it can, as far as is known.</summary>
    public string? Trouble => _asked ?? _failed;

    /// <summary>A publish was stored.</summary>
    public void Published()
    {
        if (_failed is not null)
        {
            _failed = null;
        }
    }

    /// <summary>A publish found nobody.</summary>
    public void Failed() => _failed = "the last publish found no broker that answers";

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync().ConfigureAwait(false);
        await _asking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopped.Dispose();
    }

    private async Task AskAsync()
    {
        using var timer = new PeriodicTimer(_interval, _clock);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopped.Token).ConfigureAwait(false))
            {
                string? before = _asked;
                (string? found, string detail) = await LookAsync().ConfigureAwait(false);
                _asked = found;
                if (found is null)
                {
                    _failed = null;
                }

                Tell(before, found, detail);
            }
        }
        catch (OperationCanceledException)
        {
        }
        catch (Exception defect)
        {
            _log.Defect(defect);
            throw;
        }
    }

    private async Task<(string? Trouble, string Detail)> LookAsync()
    {
        IReadOnlyList<BrokerRoute> brokers;
        try
        {
            brokers = await _admin.ListBrokersAsync(_stopped.Token).ConfigureAwait(false);
        }
        catch (ProtoBridgeMqException lost)
        {
            return ("no name server answers", lost.Message);
        }

        BrokerRoute[] masters = [.. brokers.Where(static broker => broker.Addresses.ContainsKey(0))];
        if (masters.Length == 0)
        {
            return ("the name servers know no broker with a master", string.Empty);
        }

        (string Trouble, string Detail) found = default;
        foreach (BrokerRoute master in masters)
        {
            try
            {
                IReadOnlyDictionary<string, string> state = await _admin.Brokers.GetRuntimeInfoAsync(master.Name, _stopped.Token).ConfigureAwait(false);
                if (state.GetValueOrDefault("brokerActive") != "false")
                {
                    return default;
                }

                found = ($"broker {master.Name} takes no messages", string.Empty);
            }
            catch (RequestRefusedException)
            {
                // It answers.
                return default;
            }
            catch (ProtoBridgeMqException lost)
            {
                found = ($"broker {master.Name} does not answer", lost.Message);
            }
        }

        return found;
    }

    private void Tell(string? before, string? found, string detail)
    {
        if (found is not null && found != before)
        {
            _log.ClusterLost(found, detail);
        }
        else if (before is not null && found is null)
        {
            _log.ClusterFound();
        }
    }
}
