using System.Text.Json.Serialization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Client.Hosting;

namespace ProtoBridgeMQ.Samples.Sdk;

/// <summary>A worker service: typed messages, handlers from the container, health checks, a graceful stop.</summary>
internal static class Worker
{
    public static async Task RunAsync(string nameServers)
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        ProtoBridgeMqBuilder messaging = builder.Services
            .AddProtoBridgeMq(options => options.Client.NameServers = nameServers, builder.Configuration.GetSection("ProtoBridgeMq"))
            .AddSerializer(MessageSerializer.Json(WorkerJson.Default.Measurement))
            .AddConsumer<MeasurementHandler, Measurement>("worker", "measurements", configure: options => options.From = ConsumeFrom.First);
        builder.Services.AddHealthChecks().Add(messaging.HealthCheck());
        builder.Services.AddSingleton<Sum>();

        using IHost host = builder.Build();
        await host.StartAsync();
        MessagePublisher publisher = host.Services.GetRequiredService<MessagePublisher>();
        for (int i = 1; i <= 4; i++)
        {
            await publisher.SendAsync("measurements", new Measurement("kitchen", i), orderingKey: "kitchen");
        }

        await host.Services.GetRequiredService<Sum>().ReachedTenAsync();
        await host.StopAsync();
        await Console.Out.WriteLineAsync("the sum is 10");
    }
}

internal sealed record Measurement(string Place, double Value);

[JsonSerializable(typeof(Measurement))]
internal sealed partial class WorkerJson : JsonSerializerContext;

/// <summary>Adds up, for the sample to know when it is done.</summary>
internal sealed class Sum
{
    private readonly TaskCompletionSource _reached = new();
    private double _sum;

    public void Add(double value)
    {
        lock (_reached)
        {
            _sum += value;
            if (_sum >= 10)
            {
                _reached.TrySetResult();
            }
        }
    }

    public Task ReachedTenAsync() => _reached.Task;
}

internal sealed class MeasurementHandler(Sum sum) : IMessageHandler<Measurement>
{
    public ValueTask<ConsumeResult> HandleAsync(Measurement value, ReceivedMessage message, CancellationToken cancellationToken)
    {
        sum.Add(value.Value);
        return ValueTask.FromResult(ConsumeResult.Success);
    }
}
