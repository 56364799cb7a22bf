using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace ProtoBridgeMQ.Client.Hosting;

/// <summary>Whether a cluster can be reached: a name server answers, and names a broker with a master.</summary>
internal sealed class ClusterHealth(ClusterKey key, IServiceProvider services, IOptionsMonitor<ProtoBridgeMqOptions> options) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ProtoBridgeMqOptions now = options.Get(key.OptionsName);
        using var limit = new CancellationTokenSource(now.HealthTimeout, now.Client.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            IReadOnlyList<BrokerRoute> brokers = await ProtoBridgeMqServices.Get<AdminClient>(services, key.Value).ListBrokersAsync(either.Token).ConfigureAwait(false);
            int masters = brokers.Count(broker => broker.Addresses.ContainsKey(0));
            var data = new Dictionary<string, object> { ["nameServers"] = now.Client.NameServers, ["brokers"] = brokers.Count, ["masters"] = masters };
            return masters > 0
                ? HealthCheckResult.Healthy($"{masters} of {brokers.Count} broker sets have a master.", data)
                : new HealthCheckResult(context.Registration.FailureStatus, "The name servers know no broker with a master.", null, data);
        }
        catch (ProtoBridgeMqException error)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, error.Message, error);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, $"No name server of {now.Client.NameServers} answered within {now.HealthTimeout}.");
        }
    }
}
