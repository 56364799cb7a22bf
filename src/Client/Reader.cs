using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using ProtoBridgeMQ.Client.Reading;

namespace ProtoBridgeMQ.Client;

/// <summary>Reads topics as streams, from any point on, in nobody's name: no group, no progress, nothing that others notice.</summary>
/// <remarks>Thread safe; any number of streams at once.</remarks>
/// <example><code>
/// await using var reader = new Reader(connection, new ReaderOptions());
/// await foreach (ReceivedMessage message in reader.ReadToEndAsync("orders", ReadFrom.Time(yesterday)))
/// {
///     await Console.Out.WriteLineAsync($"{message.StoredAt:O} {message.Keys}");
/// }
/// </code></example>
public sealed class Reader : IAsyncDisposable
{
    private readonly ClusterConnection _connection;
    private readonly ReaderOptions _options;
    private readonly bool _ownsConnection;

    /// <summary>Makes a reader with a connection of its own.</summary>
    /// <exception cref="ArgumentException">An option is not possible.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "Disposed with the reader.")]
    public Reader(ReaderOptions options)
        : this(ClusterConnection.Of((options ?? throw new ArgumentNullException(nameof(options))).Client), options) => _ownsConnection = true;

    /// <summary>Makes a reader that shares a connection.</summary>
    /// <exception cref="ArgumentException">An option is not possible.</exception>
    public Reader(ClusterConnection connection, ReaderOptions options)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _connection = connection;
        _options = options;
    }

    /// <summary>
    /// Reads a topic and goes on with what comes, until the caller stops. Messages of a queue come in their order; queues beside each other.
    /// Queues that are added later are read from their first message. A topic that does not exist yet is waited for.
    /// </summary>
    /// <param name="topic">The topic.</param>
    /// <param name="from">Where to begin.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    /// <remarks>A broker that is away is waited for; its queues go on when it is back. A message whose body does not unpack is logged and passed over.</remarks>
    public IAsyncEnumerable<ReceivedMessage> ReadAsync(string topic, ReadFrom from, CancellationToken cancellationToken = default)
        => StreamAsync(topic, from, follow: true, cancellationToken);

    /// <summary>Reads a topic up to the end that each queue has when it is begun with. Otherwise as <see cref="ReadAsync"/>.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="from">Where to begin.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    /// <exception cref="TopicNotFoundException">The topic does not exist.</exception>
    public IAsyncEnumerable<ReceivedMessage> ReadToEndAsync(string topic, ReadFrom from, CancellationToken cancellationToken = default)
        => StreamAsync(topic, from, follow: false, cancellationToken);

    /// <summary>Closes the connection unless it is shared. End the streams first.</summary>
    public ValueTask DisposeAsync() => _ownsConnection ? _connection.DisposeAsync() : ValueTask.CompletedTask;

    private async IAsyncEnumerable<ReceivedMessage> StreamAsync(
        string topic, ReadFrom from, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Names.RequireTopic(topic);
        ArgumentNullException.ThrowIfNull(from);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var messages = Channel.CreateBounded<ReceivedMessage>(new BoundedChannelOptions(_options.MaxMessagesAhead) { SingleReader = true });
        var stream = new TopicStream(_connection, _options, topic, from, follow, messages.Writer);
        Task reading = stream.RunAsync(ended.Token);
        try
        {
            await foreach (ReceivedMessage message in messages.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return message;
            }
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
