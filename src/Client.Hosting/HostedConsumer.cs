using Microsoft.Extensions.DependencyInjection;

namespace ProtoBridgeMQ.Client.Hosting;

/// <summary>A consumer that was added: which cluster, what it consumes, and who handles it.</summary>
internal sealed record HostedConsumer(
    string? Key,
    PushConsumerOptions Options,
    string Topic,
    MessageFilter Filter,
    Func<IServiceProvider, ReceivedMessage, CancellationToken, ValueTask<ConsumeResult>> Handle)
{
    /// <summary>Makes the consumer, not started.</summary>
    public PushConsumer Make(ClusterConnection connection, IServiceScopeFactory scopes)
    {
        var consumer = new PushConsumer(connection, Options, async (message, token) =>
        {
            AsyncServiceScope scope = scopes.CreateAsyncScope();
            await using (scope.ConfigureAwait(false))
            {
                return await Handle(scope.ServiceProvider, message, token).ConfigureAwait(false);
            }
        });
        consumer.Subscribe(Topic, Filter);
        return consumer;
    }
}
