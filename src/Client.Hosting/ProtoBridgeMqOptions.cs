namespace ProtoBridgeMQ.Client.Hosting;

/// <summary>One cluster of an application: where it is, and how the application's producer sends. Bound from configuration.</summary>
public sealed class ProtoBridgeMqOptions
{
    /// <summary>Where the cluster is, and times and limits. The logger factory and clock are the application's, unless set.</summary>
    public ClientOptions Client { get; set; } = new();

    /// <summary>How the application's <see cref="Client.Producer"/> sends. Its <see cref="ProducerOptions.Client"/> is not used.</summary>
    public ProducerOptions Producer { get; set; } = new();

    /// <summary>Pause after consumers could not be started because the cluster is away, doubling up to eight times as long. Default 1 second.</summary>
    public TimeSpan StartRetryPause { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a health check waits for the cluster. Default 2 seconds.</summary>
    public TimeSpan HealthTimeout { get; set; } = TimeSpan.FromSeconds(2);
}
