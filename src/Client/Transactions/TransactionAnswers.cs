using System.Threading.Channels;
using ProtoBridgeMQ.Client.Diagnostics;
using ProtoBridgeMQ.Remoting;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client.Transactions;

/// <summary>Answers brokers' questions about the transactions of a group with what the user's checker says, a limited number at once.</summary>
internal sealed class TransactionAnswers : IDisposable
{
    private readonly ClusterConnection _connection;
    private readonly TransactionProducerOptions _options;
    private readonly Func<ReceivedMessage, CancellationToken, ValueTask<TransactionOutcome>> _checker;
    private readonly Channel<TransactionQuestion> _questions;
    private readonly CancellationTokenSource _stopping = new();
    private Task _answering = Task.CompletedTask;

    public TransactionAnswers(
        ClusterConnection connection,
        TransactionProducerOptions options,
        Func<ReceivedMessage, CancellationToken, ValueTask<TransactionOutcome>> checker)
    {
        _connection = connection;
        _options = options;
        _checker = checker;
        _questions = Channel.CreateBounded<TransactionQuestion>(options.MaxWaitingChecks);
    }

    public void Start() => _answering = Task.WhenAll(Enumerable.Range(0, _options.MaxConcurrentChecks).Select(_ => AnswerAsync()));

    /// <summary>Takes a question; one too many is dropped, as the broker asks again.</summary>
    public void Ask(TransactionQuestion question)
    {
        if (!_questions.Writer.TryWrite(question))
        {
            ClientMetrics.TransactionChecksDropped.Add(1);
            _connection.Log.TransactionCheckIgnored(_options.Group, $"{_options.MaxWaitingChecks} questions wait already (option MaxWaitingChecks)");
        }
    }

    public async ValueTask StopAsync()
    {
        _questions.Writer.TryComplete();
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _answering.WaitAsync(TimeSpan.FromSeconds(3), _connection.Options.TimeProvider).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => _stopping.Dispose();

    private async Task AnswerAsync()
    {
        await Task.Yield();
        try
        {
            while (true)
            {
                TransactionQuestion question = await _questions.Reader.ReadAsync(_stopping.Token).ConfigureAwait(false);
                TransactionOutcome outcome = await CheckAsync(question.Half).ConfigureAwait(false);
                ClientMetrics.TransactionChecks.Add(1);
                await EndAsync(question, outcome).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or ChannelClosedException)
        {
        }
        catch (Exception defect)
        {
            _connection.Log.BackgroundDefect(defect);
            throw;
        }
    }

    private async ValueTask<TransactionOutcome> CheckAsync(ReceivedMessage half)
    {
        try
        {
            return await _checker(half, _stopping.Token).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            // Whatever the user's code throws: the outcome is not known now, and the broker asks again.
            _connection.Log.TransactionCheckFailed(error, _options.Group, half.MessageId);
            return TransactionOutcome.Unknown;
        }
    }

    private async ValueTask EndAsync(TransactionQuestion question, TransactionOutcome outcome)
    {
        CheckTransactionStateRequestHeader asked = question.Header;
        string id = asked.TransactionId ?? question.Half.MessageId;
        var header = new EndTransactionRequestHeader
        {
            Topic = asked.Topic,
            ProducerGroup = _options.Group,
            TransactionStateTableOffset = asked.TransactionStateTableOffset,
            CommitLogOffset = asked.CommitLogOffset,
            CommitOrRollback = TransactionEnds.Code(outcome),
            FromTransactionCheck = true,
            MessageId = asked.MessageId ?? id,
            TransactionId = id,
            BrokerName = asked.BrokerName,
        };
        _connection.Trace?.TransactionEnded(
            _options.Group, question.Half.Topic, id, question.Half.Tag, question.Half.Keys, asked.BrokerName ?? string.Empty, TransactionEnds.Name(outcome), fromCheck: true);
        try
        {
            // Brokers of Apache do not answer "unknown".
            if (outcome == TransactionOutcome.Unknown)
            {
                question.Connection.TrySendOneWay(RequestCode.EndTransaction, header);
                return;
            }

            using RemotingResponse response = await question.Connection
                .InvokeAsync(RequestCode.EndTransaction, header, default, _connection.Options.RequestTimeout, _stopping.Token)
                .ConfigureAwait(false);
            if (response.Code != ResponseCode.Success)
            {
                _connection.Log.TransactionEndFailed(_options.Group, id, response.Remark ?? $"response code {response.Code}");
            }
        }
        catch (RemotingException error)
        {
            _connection.Log.TransactionEndFailed(_options.Group, id, error.Message);
        }
    }
}
