using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace ProtoBridgeMQ.Client.Hosting;

/// <summary>Adds consumers, serializers and health checks to a cluster of an application.</summary>
public sealed class ProtoBridgeMqBuilder
{
    internal ProtoBridgeMqBuilder(IServiceCollection services, string? key)
    {
        Services = services;
        Key = key;
    }

    /// <summary>The application's services.</summary>
    public IServiceCollection Services { get; }

    /// <summary>The key of the cluster's services; null without.</summary>
    public string? Key { get; }

    /// <summary>Adds a consumer that starts and stops with the host. Each group once.</summary>
    /// <typeparam name="THandler">Handles the messages; made in a scope for each.</typeparam>
    /// <param name="group">The consumer group.</param>
    /// <param name="topic">The topic.</param>
    /// <param name="filter">Which of its messages; null for all.</param>
    /// <param name="configure">Sets options; after the configuration.</param>
    /// <param name="configuration">A section with members of <see cref="PushConsumerOptions"/>.</param>
    /// <exception cref="ArgumentException">A name is not possible.</exception>
    public ProtoBridgeMqBuilder AddConsumer<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        string group, string topic, MessageFilter? filter = null, Action<PushConsumerOptions>? configure = null, IConfiguration? configuration = null)
        where THandler : class, IMessageHandler
    {
        Services.TryAddScoped<THandler>();
        return AddConsumer(group, topic, filter, configure, configuration, async (services, message, token) =>
            await services.GetRequiredService<THandler>().HandleAsync(message, token).ConfigureAwait(false));
    }

    /// <summary>Adds a consumer of values that starts and stops with the host. Each group once.</summary>
    /// <typeparam name="THandler">Handles the values; made in a scope for each.</typeparam>
    /// <typeparam name="T">The values (<see cref="AddSerializer{T}"/>).</typeparam>
    /// <inheritdoc cref="AddConsumer{THandler}"/>
    public ProtoBridgeMqBuilder AddConsumer<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler, T>(
        string group, string topic, MessageFilter? filter = null, Action<PushConsumerOptions>? configure = null, IConfiguration? configuration = null)
        where THandler : class, IMessageHandler<T>
    {
        Services.TryAddScoped<THandler>();
        return AddConsumer(group, topic, filter, configure, configuration, async (services, message, token) =>
        {
            T value;
            try
            {
                value = services.GetRequiredService<IMessageSerializer<T>>().Read(message.Body);
            }
            catch (FormatException error)
            {
                services.GetRequiredService<ILogger<ProtoBridgeMqBuilder>>().BodyUnreadable(error, group, message.MessageId);
                return ConsumeResult.DeadLetter;
            }

            return await services.GetRequiredService<THandler>().HandleAsync(value, message, token).ConfigureAwait(false);
        });
    }

    /// <summary>How values of a type are written into messages and read from them, in all clusters.</summary>
    public ProtoBridgeMqBuilder AddSerializer<T>(IMessageSerializer<T> serializer)
    {
        ArgumentNullException.ThrowIfNull(serializer);
        Services.AddSingleton(serializer);
        return this;
    }

    /// <summary>A health check for the host's (<c>services.AddHealthChecks().Add(builder.HealthCheck())</c>): healthy when a name server answers and names a broker.</summary>
    /// <param name="name">Its name; null for <c>protobridgemq</c>, with the key behind it.</param>
    /// <param name="failureStatus">What it says when the cluster is away. Default unhealthy.</param>
    public HealthCheckRegistration HealthCheck(string? name = null, HealthStatus failureStatus = HealthStatus.Unhealthy)
    {
        var key = new ClusterKey(Key);
        return new HealthCheckRegistration(
            name ?? (Key is null ? "protobridgemq" : "protobridgemq-" + Key),
            provider => ActivatorUtilities.CreateInstance<ClusterHealth>(provider, key),
            failureStatus,
            ["messaging", "ready"]);
    }

    private ProtoBridgeMqBuilder AddConsumer(
        string group,
        string topic,
        MessageFilter? filter,
        Action<PushConsumerOptions>? configure,
        IConfiguration? configuration,
        Func<IServiceProvider, ReceivedMessage, CancellationToken, ValueTask<ConsumeResult>> handle)
    {
        var options = new PushConsumerOptions { Group = group };
        if (configuration is not null)
        {
            configuration.Bind(options);
        }

        configure?.Invoke(options);
        options.Check();
        Services.AddSingleton(new HostedConsumer(Key, options, topic, filter ?? MessageFilter.All, handle));
        return this;
    }
}
