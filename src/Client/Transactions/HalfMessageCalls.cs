using ProtoBridgeMQ.Client.Connections;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client.Transactions;

/// <summary>Requests about half messages of which only the place is known, for gateways.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class HalfMessageCalls(ClusterConnection connection)
{
    /// <summary>The unique key of the message at a place of a broker's log; null when there is none.</summary>
    public async ValueTask<string?> FindKeyAsync(string address, long logOffset, CancellationToken cancellationToken)
    {
        using RemotingResponse response = await connection.Calls
            .InvokeAsync(address, RequestCode.ViewMessageById, new ViewMessageRequestHeader { Offset = logOffset }, default, connection.Options.RequestTimeout, "Asking for a half message", cancellationToken)
            .ConfigureAwait(false);
        return response.Code == ResponseCode.Success && MessageRecord.TryRead(response.Body.Span, out MessageRecord half) == RecordError.None
            ? PropertyText.GetString(half.Properties, SystemProperties.UniqueKey)
            : null;
    }

    /// <summary>Ends a transaction; the broker's answer, when it is one of those that ends have.</summary>
    /// <exception cref="ProtoBridgeMqException">The broker answered otherwise, or not.</exception>
    public async ValueTask<(int Code, string? Remark)> EndAsync(string address, EndTransactionRequestHeader header, CancellationToken cancellationToken)
    {
        string what = $"Ending transaction {header.TransactionId} of topic {header.Topic}";
        using RemotingResponse response = await connection.Calls
            .InvokeAsync(address, RequestCode.EndTransaction, header, default, connection.Options.RequestTimeout, what, cancellationToken)
            .ConfigureAwait(false);
        return response.Code is ResponseCode.Success or ResponseCode.IllegalOperation or ResponseCode.SystemError
            ? (response.Code, response.Remark)
            : throw CallErrors.Refused(response, what, address);
    }
}
